import { z } from 'zod';
import { instant, listByKeys } from './fields.ts';

const conditionSchema = z.object({
  type: z
    .string()
    .max(316)
    .regex(/^[A-Za-z][A-Za-z0-9]*$/)
    .describe('What the condition is about, such as Ready.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  observedGeneration: z.int().min(0).optional().describe('Generation of the resource it was found for.'),
  lastTransitionTime: instant('When the status last changed.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Cause in one word; the runbooks are ordered by it.'),
  message: z.string().max(32_768).describe('Cause in a sentence.'),
});
export type Condition = z.infer<typeof conditionSchema>;

/** What the status of every kind begins with. */
const commonStatus = {
  observedGeneration: z
    .int()
    .min(0)
    .optional()
    .describe('Generation of the spec that the operator last acted on.'),
  conditions: listByKeys(conditionSchema, ['type'], { max: 16 })
    .optional()
    .describe('What is true of it now: Ready, Reconciling, Stalled and those of the kind.'),
};

/** Status of a kind that runs in the cluster. */
export function platformStatus<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.object({ ...commonStatus, ...shape }).describe('What the operator observed; written by it only.');
}

/** Status of a kind that is kept in the Manager. */
export function licensingStatus<Shape extends z.ZodRawShape>(shape: Shape) {
  return z
    .object({
      ...commonStatus,
      syncedGeneration: z.int().min(0).optional().describe('Generation of the spec that the Manager holds.'),
      ...shape,
    })
    .describe('What the operator and the Manager observed; written by the operator only.');
}

import { z } from 'zod';

/** problem+json, the body of every error answer (RFC 9457). `code` is of the table in `errors.ts`. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string().optional(),
  requestId: z.string(),
  /** Field errors of a refused input: path and message. */
  issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** ISO 8601 instant with offset or Z. */
export const isoInstantSchema = z.iso.datetime({ offset: true });
/** IANA time zone that this runtime knows, such as `Europe/Oslo`. */
export const zoneSchema = z
  .string()
  .max(64)
  .refine((zone) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone });
      return true;
    } catch {
      return false;
    }
  }, 'not a time zone');

/** Milliseconds in each state. The three add up to the time open. */
export const stateTimesSchema = z.object({
  activeMs: z.number(),
  inactiveMs: z.number(),
  timeoutMs: z.number(),
});
export type StateTimes = z.infer<typeof stateTimesSchema>;

/** How much of a period is known to be covered by agents (product.md "Completeness"): 0 to 1, null when no agent was expected. */
export const completenessSlotSchema = z.object({
  from: z.number(),
  to: z.number(),
  share: z.number().min(0).max(1).nullable(),
  /** Agents whose data of this slot is missing. */
  missing: z.number().int(),
});
export const completenessSchema = z.object({
  share: z.number().min(0).max(1).nullable(),
  slots: z.array(completenessSlotSchema),
});
export type Completeness = z.infer<typeof completenessSchema>;

export const applicationRefSchema = z.object({ id: z.number().int(), slug: z.string(), name: z.string() });
export type ApplicationRef = z.infer<typeof applicationRefSchema>;

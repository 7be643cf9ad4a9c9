import { z } from 'zod';

/** Codes that a batch can be refused with; see `errors.ts`. */
const recordCodeSchema = z.string().regex(/^PM-6\d{3}$/, 'not a code of records');

/** A dead letter: a batch that was refused, kept with its reason. */
export const deadLetterSchema = z.object({
  id: z.string(),
  receivedAt: z.number(),
  agent: z.string().nullable(),
  code: z.string(),
  reason: z.string(),
  bytes: z.number().int(),
});
export type DeadLetter = z.infer<typeof deadLetterSchema>;

/** Dead letters with one code, reason and agent that wait for a fix. */
export const deadLetterGroupSchema = z.object({
  code: z.string(),
  reason: z.string(),
  agent: z.string().nullable(),
  computer: z.string().nullable(),
  count: z.number().int(),
  bytes: z.number(),
  firstAt: z.number(),
  lastAt: z.number(),
  /** Id of the newest one. */
  newest: z.string(),
});
export type DeadLetterGroup = z.infer<typeof deadLetterGroupSchema>;

export const deadLetterListSchema = z.object({
  /** The newest that wait, at most 200. */
  letters: z.array(deadLetterSchema),
  /** The largest groups, at most 200. */
  groups: z.array(deadLetterGroupSchema),
  /** All that wait. */
  total: z.number().int(),
  /** Kept ones that a replay brought in. */
  replayed: z.number().int(),
  /** Removed unreplayed because there were too many of their code, and when last. */
  dropped: z.object({ count: z.number().int(), lastAt: z.number().nullable() }),
});
export type DeadLetterList = z.infer<typeof deadLetterListSchema>;

export const deadLetterDetailSchema = deadLetterSchema.extend({
  computer: z.string().nullable(),
  /** Where the outbox of the agent keeps it, as its headers say. */
  epoch: z.number().nullable(),
  seq: z.number().nullable(),
  encoding: z.string(),
  /** What it holds without any text of the desktop: names of fields, numbers, lengths. */
  sample: z.string(),
  attempts: z.number().int(),
  replayedAt: z.number().nullable(),
});
export type DeadLetterDetail = z.infer<typeof deadLetterDetailSchema>;

export const deadLetterIdSchema = z.string().regex(/^[1-9]\d{0,17}$/, 'not an id of a dead letter');
export const deadLetterReplayRequestSchema = z.object({
  code: recordCodeSchema,
  /** Only those of this agent; null for those that no agent is known of. */
  agent: z.string().max(40).nullable().optional(),
});

/** What a replay did. Letters that are refused again are kept, with their new reason. */
export const deadLetterReplaySchema = z.object({
  replayed: z.number().int(),
  refused: z.number().int(),
  /** Records that were committed by it, and those that were there already. */
  records: z.number().int(),
  duplicates: z.number().int(),
  /** Letters of that kind that were not tried yet: ask again. */
  left: z.number().int(),
  /** Why the last one was refused again. */
  refusal: z.object({ code: z.string(), reason: z.string() }).nullable(),
});
export type DeadLetterReplay = z.infer<typeof deadLetterReplaySchema>;

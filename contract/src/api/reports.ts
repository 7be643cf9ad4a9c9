import { z } from 'zod';
import { causeNameSchema, stateNameSchema } from '../state.ts';
import { sessionRefSchema } from '../ids.ts';
import {
  applicationRefSchema,
  completenessSchema,
  isoInstantSchema,
  stateTimesSchema,
  zoneSchema,
} from './common.ts';

export const STEPS = ['minute', 'quarter', 'hour', 'day'] as const;
export const stepSchema = z.enum(STEPS);
export type Step = z.infer<typeof stepSchema>;

/** Query of Concurrent Use. Without `step` it follows the range: ≤ 2 days minute, ≤ 8 days quarter, ≤ 14 days hour, else day. */
export const concurrentUseQuerySchema = z.object({
  /** Slug; all applications added up when absent. */
  app: z.string().max(140).optional(),
  from: isoInstantSchema,
  to: isoInstantSchema,
  tz: zoneSchema.optional(),
  step: stepSchema.optional(),
});
/**
 * One step. `active + inactive + timeout` = instances in the minute, each once under its most active state;
 * for steps coarser than a minute, at the peak minute of the step. `peak` is the largest number open at one instant
 * inside the step. Times are exact and of the whole step: an instance that was open for a part of it counts with that part.
 */
export const usePointSchema = z.object({
  at: z.number(),
  active: z.number().int(),
  inactive: z.number().int(),
  timeout: z.number().int(),
  peak: z.number().int(),
  activeMs: z.number(),
  inactiveMs: z.number(),
  timeoutMs: z.number(),
  /** Real length of the step in ms: a day has 23, 24 or 25 hours. */
  lengthMs: z.number(),
});
export type UsePoint = z.infer<typeof usePointSchema>;
export const peakSchema = z.object({
  count: z.number().int(),
  /** Instant the peak began, and how long it lasted at that height, ms. Null when nothing was open. */
  at: z.number().nullable(),
  forMs: z.number(),
});
export const laneSchema = z.object({
  session: sessionRefSchema,
  application: applicationRefSchema,
  user: z.string(),
  computer: z.string(),
  segments: z.array(z.object({ from: z.number(), to: z.number(), state: stateNameSchema })),
  /** Ms in Inactive or Timeout inside the range: lanes are sorted by it, longest unused first. */
  unusedMs: z.number(),
});
export type Lane = z.infer<typeof laneSchema>;
export const concurrentUseSchema = z.object({
  application: applicationRefSchema.nullable(),
  applications: z.array(applicationRefSchema),
  from: z.number(),
  to: z.number(),
  zone: z.string(),
  step: stepSchema,
  points: z.array(usePointSchema),
  peak: peakSchema,
  peakActive: peakSchema,
  /** Time-weighted average open over the range. */
  average: z.number(),
  times: stateTimesSchema,
  /** Times and peaks by hour (ranges to 2 days) or by step: the table twin. */
  table: z.array(usePointSchema),
  /** Share of agents' data known, per table row in the same order, then overall. */
  completeness: completenessSchema,
  /** Peaks of the 90 local days that end with the range: the overview strip. */
  daily: z.array(z.object({ at: z.number(), peak: z.number().int() })),
  /** Sessions of a range of at most two hours, one lane each; empty otherwise. */
  lanes: z.array(laneSchema),
  /** Figures end here: nothing later can be known yet. */
  until: z.number(),
});
export type ConcurrentUse = z.infer<typeof concurrentUseSchema>;

export const SESSION_SORTS = [
  'started',
  'user',
  'application',
  'computer',
  'open',
  'active',
  'inactive',
  'timeout',
] as const;
/** Most values of one filter: addresses stay short enough for every server on the way. */
const MAX_CHOSEN = 50;
/** One value or several, as a parameter that is repeated: any of them matches. */
const chosenSchema = <Value extends z.ZodType>(value: Value) =>
  z.preprocess(
    (given) => (typeof given === 'string' ? [given] : given),
    z.array(value).min(1).max(MAX_CHOSEN),
  );
const sessionSortSchema = z.enum([...SESSION_SORTS, ...SESSION_SORTS.map((sort) => `-${sort}` as const)]);
export const sessionsQuerySchema = z.object({
  from: isoInstantSchema.optional(),
  to: isoInstantSchema.optional(),
  tz: zoneSchema.optional(),
  /** Slugs. */
  app: chosenSchema(z.string().max(140)).optional(),
  user: chosenSchema(z.string().max(256)).optional(),
  computer: chosenSchema(z.string().max(256)).optional(),
  /** Session reference or its beginning. */
  session: z.string().max(40).optional(),
  /** Only sessions in one of these states now. */
  state: chosenSchema(stateNameSchema).optional(),
  /** Only sessions open at this instant. */
  at: isoInstantSchema.optional(),
  sort: sessionSortSchema.default('-started'),
  page: z.coerce.number().int().min(1).max(100_000).default(1),
  size: z.coerce.number().int().min(1).max(200).default(50),
});
export type SessionsQuery = z.infer<typeof sessionsQuerySchema>;
export const sessionRowSchema = stateTimesSchema.extend({
  session: sessionRefSchema,
  application: applicationRefSchema,
  user: z.string(),
  computer: z.string(),
  desktop: z.string(),
  started: z.number(),
  /** Null while it is open. */
  ended: z.number().nullable(),
  endCause: causeNameSchema.nullable(),
  /** State now; null once ended. */
  state: stateNameSchema.nullable(),
  documents: z.number().int(),
});
export type SessionRow = z.infer<typeof sessionRowSchema>;
export const sessionsSchema = z.object({
  sessions: z.array(sessionRowSchema),
  total: z.number().int(),
  page: z.number().int(),
  size: z.number().int(),
  zone: z.string(),
  from: z.number(),
  to: z.number(),
  /** Sums over all that the filter gives, not only this page. */
  totals: stateTimesSchema,
  /**
   * Values to choose from: all of the range, with the sessions that the other filters leave of each. Of a list that is
   * too long the most frequent are named, and those that are chosen.
   */
  facets: z.object({
    applications: z.array(applicationRefSchema.extend({ count: z.number().int() })),
    users: z.array(z.object({ value: z.string(), count: z.number().int() })),
    computers: z.array(z.object({ value: z.string(), count: z.number().int() })),
    states: z.array(z.object({ value: stateNameSchema, count: z.number().int() })),
    /** Sessions that would match without one of the filters. */
    without: z.object({
      app: z.number().int(),
      user: z.number().int(),
      computer: z.number().int(),
      state: z.number().int(),
    }),
  }),
  completeness: completenessSchema,
});
export type Sessions = z.infer<typeof sessionsSchema>;

export const detailSegmentSchema = z.object({
  from: z.number(),
  to: z.number(),
  state: stateNameSchema,
  cause: causeNameSchema,
  /** True for the live segment of an open document. */
  open: z.boolean(),
});
export type DetailSegment = z.infer<typeof detailSegmentSchema>;
export const detailDocumentSchema = stateTimesSchema.extend({
  id: z.string(),
  name: z.string(),
  path: z.string(),
  source: z.enum(['file', 'title', 'none']),
  confidence: z.number().int(),
  opened: z.number(),
  closed: z.number().nullable(),
  closeCause: causeNameSchema.nullable(),
  segments: z.array(detailSegmentSchema),
});
export type DetailDocument = z.infer<typeof detailDocumentSchema>;
export const sessionDetailSchema = sessionRowSchema.extend({
  zone: z.string(),
  executable: z.string(),
  pid: z.number().int(),
  revision: z.number().int(),
  settings: z
    .object({
      inactiveAfterMs: z.number(),
      timeoutAfterMs: z.number(),
      countBusyAsActive: z.boolean(),
      busyCpuShare: z.number(),
      titlePrivacy: z.string(),
      pathPrivacy: z.string(),
    })
    .nullable(),
  agent: z.object({ id: z.string(), computer: z.string() }),
  /** Most active state of its documents at each instant. */
  segments: z.array(detailSegmentSchema),
  documentList: z.array(detailDocumentSchema),
  /** The same user's session before and after in the same application. */
  previous: sessionRefSchema.nullable(),
  next: sessionRefSchema.nullable(),
});
export type SessionDetail = z.infer<typeof sessionDetailSchema>;

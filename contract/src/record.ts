import { z } from 'zod';
import { hexIdSchema, instantSchema } from './ids.ts';

/**
 * Records an agent sends. Every one carries `seq`, which grows by one in the agent's outbox of one `epoch`;
 * (agent, epoch, seq) is committed exactly once. All instants are ms UTC.
 */
const seqSchema = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
/** No text of a record holds a NUL: PostgreSQL stores none. */
const shortText = (max: number): z.ZodString =>
  z
    .string()
    .max(max)
    .refine((text) => !text.includes('\0'), 'holds a NUL');
/** Fits a PostgreSQL int4. */
const countSchema = z.number().int().min(0).max(2_147_483_647);
const causeCodeSchema = z.number().int().min(1).max(255);

/** A session began (`ended` null) or ended: written twice, the second time with its end. */
export const sessionRecordSchema = z.object({
  kind: z.literal('session'),
  seq: seqSchema,
  session: hexIdSchema,
  application: z.number().int().positive(),
  user: shortText(256),
  computer: shortText(256),
  /** Desktop session: display or terminal-server session, so that several on one host are told apart. */
  desktop: shortText(120),
  executable: shortText(1024),
  pid: countSchema,
  started: instantSchema,
  ended: instantSchema.nullable(),
  endCause: causeCodeSchema.nullable(),
  /** Configuration revision in force when it began. */
  revision: countSchema,
});
export type SessionRecord = z.infer<typeof sessionRecordSchema>;

/** A document was opened (`closed` null) or closed: written twice. Name and path have passed the privacy rules. */
export const documentRecordSchema = z.object({
  kind: z.literal('document'),
  seq: seqSchema,
  session: hexIdSchema,
  document: hexIdSchema,
  /** File name, or window title where no file is known; empty when dropped by rule. */
  name: shortText(512),
  /** Folder or full path by the privacy rule; empty when not kept. */
  path: shortText(4096),
  /** Where the name comes from. */
  source: z.enum(['file', 'title', 'none']),
  /** 0 to 100: how sure the resolver is. */
  confidence: z.number().int().min(0).max(100),
  opened: instantSchema,
  closed: instantSchema.nullable(),
  closeCause: causeCodeSchema.nullable(),
});
export type DocumentRecord = z.infer<typeof documentRecordSchema>;

/** A closed segment: one document in one state from `started` (inclusive) to `ended` (exclusive). Immutable. */
export const segmentRecordSchema = z.object({
  kind: z.literal('segment'),
  seq: seqSchema,
  session: hexIdSchema,
  document: hexIdSchema,
  application: z.number().int().positive(),
  started: instantSchema,
  ended: instantSchema,
  /** STATE code. */
  state: z.number().int().min(1).max(3),
  /** CAUSE code of the beginning. */
  cause: causeCodeSchema,
  /** SEGMENT_FLAG bits. */
  flags: z.number().int().min(0).max(255),
});
export type SegmentRecord = z.infer<typeof segmentRecordSchema>;

/**
 * The agent watched its desktop from `from` to `to`: what is covered is known to be complete.
 * Cut at 15 minutes, so that coverage of "now" is never older than that.
 */
export const coverageRecordSchema = z.object({
  kind: z.literal('coverage'),
  seq: seqSchema,
  from: instantSchema,
  to: instantSchema,
  /** CAUSE code of the end; `cut` when watching went on. */
  cause: causeCodeSchema,
});
export type CoverageRecord = z.infer<typeof coverageRecordSchema>;

/** What can be measured on this desktop, and why not. Sent at start and when it changes. */
export const capabilityRecordSchema = z.object({
  kind: z.literal('capability'),
  seq: seqSchema,
  at: instantSchema,
  /** Sources of input activity in use. */
  input: z.enum(['hook+idle', 'idle', 'none']),
  window: z.enum(['x11', 'none']),
  documents: z.enum(['proc', 'title', 'none']),
  /** Kind of desktop session, such as `x11`, `wayland`, `vnc`, `rdp`, `headless`. */
  desktop: shortText(40),
  /** One sentence for people where something cannot be measured; empty otherwise. */
  reason: shortText(400),
});
export type CapabilityRecord = z.infer<typeof capabilityRecordSchema>;

/**
 * Records that are lost for ever: the outbox was full or damaged, the disk took no more, or a record could not be sent.
 * `lost` is how many, -1 when unknown.
 */
export const gapRecordSchema = z.object({
  kind: z.literal('gap'),
  seq: seqSchema,
  from: instantSchema,
  to: instantSchema,
  lost: z.number().int().min(-1),
  reason: z.enum(['outboxFull', 'outboxDamaged', 'diskFailed', 'unsendable']),
  /** First and last sequence among which the lost records are; null when they had none. Those that arrived are not lost. */
  seqs: z
    .tuple([seqSchema, seqSchema])
    .refine(([first, last]) => first <= last, 'the last sequence is before the first')
    .nullable()
    .optional(),
});
export type GapRecord = z.infer<typeof gapRecordSchema>;

export const agentRecordSchema = z.discriminatedUnion('kind', [
  sessionRecordSchema,
  documentRecordSchema,
  segmentRecordSchema,
  coverageRecordSchema,
  capabilityRecordSchema,
  gapRecordSchema,
]);
export type AgentRecord = z.infer<typeof agentRecordSchema>;
export type RecordKind = AgentRecord['kind'];

/**
 * A stretch that the running one may still melt into: it ends where the running one begins, and is certain to have been,
 * but is no immutable segment yet.
 */
export const heldStretchSchema = z.object({
  state: z.number().int().min(1).max(3),
  cause: causeCodeSchema,
  flags: z.number().int().min(0).max(255),
  since: instantSchema,
});
export type HeldStretch = z.infer<typeof heldStretchSchema>;

/** A document that is open now: live state, newest wins, never stored as a row of a report. */
export const openDocumentSchema = z.object({
  session: hexIdSchema,
  document: hexIdSchema,
  application: z.number().int().positive(),
  state: z.number().int().min(1).max(3),
  cause: causeCodeSchema,
  flags: z.number().int().min(0).max(255),
  since: instantSchema,
  held: heldStretchSchema.nullable().default(null),
});
export type OpenDocument = z.infer<typeof openDocumentSchema>;

/** All that is open on this desktop at `asOf`. Replaces every earlier snapshot of the agent with a lower (epoch, rev). */
export const openSnapshotSchema = z.object({
  rev: z.number().int().nonnegative(),
  asOf: instantSchema,
  /** Start of the running coverage interval: watched from here to `asOf`, although no record says so yet. */
  watchedFrom: instantSchema.nullable(),
  documents: z.array(openDocumentSchema).max(2000),
});
export type OpenSnapshot = z.infer<typeof openSnapshotSchema>;

/** Presence message, every `presenceEveryMs`. */
export const presenceSchema = z.object({
  v: z.literal(1),
  agent: z.string(),
  epoch: z.number().int().positive(),
  at: instantSchema,
  /** Grows from one message of an epoch to the next, also when the clock of the agent is set back. */
  rev: z.number().int().nonnegative().optional(),
  version: shortText(40),
  /** Configuration revision that is in force; null before the first. */
  appliedRevision: countSchema.nullable(),
  /** Records waiting in the outbox, and the instant of the oldest. */
  waiting: countSchema,
  oldestWaiting: instantSchema.nullable(),
  /** Last seq given out. */
  lastSeq: z.number().int().nonnegative(),
  openSessions: z.number().int().nonnegative(),
  /** Instant the user JWT ends. */
  credentialsExpire: instantSchema,
  /** `leaving` when the agent says good-bye (clean stop). */
  phase: z.enum(['running', 'leaving']),
  /** One sentence for people while the agent cannot keep what it records, as on a full disk. */
  trouble: shortText(400).optional(),
});
export type Presence = z.infer<typeof presenceSchema>;

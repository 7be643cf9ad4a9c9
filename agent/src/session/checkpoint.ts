import { CAUSE } from '@process-meter/contract';
import { z } from 'zod';
import { advanceCoverage, endCoverage, type Coverage } from './coverage.ts';
import { closeDocument, type SessionContext, type TrackedSession } from './session-life.ts';

const stretch = { state: z.literal([1, 2, 3]), since: z.number(), flags: z.number() };
const causeSchema = z.literal(Object.values(CAUSE));
const lifeSchema = z.object({
  current: z.object({ ...stretch, cause: causeSchema }),
  held: z.object({ ...stretch, cause: causeSchema, until: z.number() }).nullable(),
  lastActivity: z.number(),
  lastActivityWas: z.enum(['input', 'busy']),
  idleSince: z.number(),
});
const documentSchema = z.object({
  id: z.string(),
  name: z.string(),
  path: z.string(),
  source: z.enum(['file', 'title', 'none']),
  confidence: z.number(),
  opened: z.number(),
  busy: z.boolean(),
  life: lifeSchema,
});
const sessionSchema = z.object({
  id: z.string(),
  key: z.string(),
  application: z.number(),
  pid: z.number(),
  executable: z.string(),
  started: z.number(),
  revision: z.number(),
  opened: z.number(),
  startPending: z.boolean(),
  lostAt: z.object({ at: z.number(), cause: causeSchema }).nullable(),
  documents: z.array(documentSchema),
});

/**
 * What the state machine must find again after a crash. The keys of documents are left out: they can be full paths,
 * and nothing that a privacy rule drops or hashes is ever written down.
 */
export const checkpointSchema = z.object({
  v: z.literal(1),
  /** The last good tick. */
  at: z.number(),
  coverageFrom: z.number().nullable(),
  sessions: z.array(sessionSchema),
  runs: z.array(z.tuple([z.string(), z.number()])),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

export interface TrackedState {
  sessions: Map<string, TrackedSession>;
  runs: Map<string, number>;
  coverage: Coverage;
}
/** Runs of processes that are long gone need no memory: only the newest are kept. */
const MAX_RUNS = 1000;

export function writeCheckpoint(at: number, { sessions, runs, coverage }: TrackedState): Checkpoint {
  const started = [...sessions.values()].filter((session) => session.id !== '');
  return {
    v: 1,
    at,
    coverageFrom: coverage.from,
    sessions: started.map(({ documents, lastFocused: _key, bareSince: _bare, ...session }) => ({
      ...session,
      documents: [...documents.values()],
    })),
    runs: [...runs].slice(-MAX_RUNS),
  };
}

/**
 * Fills the state from a checkpoint. What it left open is closed at its last good tick, because nobody knows what
 * happened after it; the sessions wait to be seen again.
 */
export function readCheckpoint(last: Checkpoint, state: TrackedState, context: SessionContext): void {
  for (const [key, run] of last.runs) state.runs.set(key, run);
  const crashed = { at: last.at, cause: CAUSE.agentCrashed };
  for (const { documents, ...saved } of last.sessions) {
    const session: TrackedSession = {
      ...saved,
      bareSince: null,
      lastFocused: null,
      documents: new Map(documents.map((document) => [document.id, document])),
    };
    for (const key of session.documents.keys()) closeDocument(session, key, crashed, context);
    session.lostAt ??= crashed;
    state.sessions.set(session.key, session);
  }
  state.coverage.from = last.coverageFrom;
  advanceCoverage(state.coverage, last.at, context.emit);
  endCoverage(state.coverage, last.at, CAUSE.agentCrashed, context.emit);
}

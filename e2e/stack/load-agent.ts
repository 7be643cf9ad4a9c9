import { mkdirSync } from 'node:fs';
import { ensureEnrolled, openOutbox, Uplink, type RecordDraft } from '@process-meter/agent';
import { CAUSE, SEGMENT_FLAG, stableId } from '@process-meter/contract';
import { z } from 'zod';

/**
 * An agent without a desktop: the real enrolment, outbox and uplink, fed with documents whose records follow from their
 * number alone. Each document: session and document opened, ten segments that tile its life, both closed.
 */
const env = z
  .object({
    PM_MANAGER_URL: z.url(),
    PM_STATE_DIR: z.string(),
    PM_ENROL_TOKEN: z.string(),
    /** Id of the application all records are of. */
    LOAD_APPLICATION: z.coerce.number(),
    /** Instant of the first document, ms UTC. */
    LOAD_BASE: z.coerce.number(),
    /** Pause between two halves of a document's records, ms. */
    LOAD_PAUSE_MS: z.coerce.number(),
  })
  .parse(process.env);

const SEGMENTS = 10;
const SEGMENT_MS = 7000;
const quiet = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };

mkdirSync(env.PM_STATE_DIR, { recursive: true, mode: 0o700 });
const identity = await ensureEnrolled({
  config: {
    managerUrl: env.PM_MANAGER_URL,
    stateFolder: env.PM_STATE_DIR,
    enrolToken: env.PM_ENROL_TOKEN,
    enrolTokenFile: null,
    outboxBytes: 64 * 1024 * 1024,
    logLevel: 'silent',
  },
  platform: { name: 'linux', desktop: 'load' },
  version: '0.0.0-load',
  log: quiet,
  signal: new AbortController().signal,
});
const outbox = openOutbox({
  folder: env.PM_STATE_DIR,
  budgetBytes: 64 * 1024 * 1024,
  now: Date.now,
  log: quiet,
});
const uplink = new Uplink({
  identity,
  stateFolder: env.PM_STATE_DIR,
  version: '0.0.0-load',
  outbox,
  open: () => null,
  sessions: () => 0,
  applyConfig: () => {},
  now: Date.now,
  log: quiet,
});

/** The records of one document; what stands in the database is held against them by number. */
function recordsOf(n: number): RecordDraft[] {
  const session = stableId(identity.enrolled.agent, n, 'session');
  const document = stableId(identity.enrolled.agent, n, 'document');
  const opened = env.LOAD_BASE + n * SEGMENTS * SEGMENT_MS;
  const closed = opened + SEGMENTS * SEGMENT_MS;
  const run = {
    kind: 'session' as const,
    session,
    application: env.LOAD_APPLICATION,
    user: 'load',
    computer: 'load',
    desktop: 'load',
    executable: 'load',
    pid: 1,
    started: opened,
    revision: 1,
  };
  const file = {
    kind: 'document' as const,
    session,
    document,
    name: `n${n}`,
    path: '',
    source: 'file' as const,
  };
  const life = { ...file, confidence: 100, opened };
  const segments = Array.from({ length: SEGMENTS }, (_, i) => ({
    kind: 'segment' as const,
    session,
    document,
    application: env.LOAD_APPLICATION,
    started: opened + i * SEGMENT_MS,
    ended: opened + (i + 1) * SEGMENT_MS,
    state: 1 + ((n + i) % 3),
    cause: i === 0 ? CAUSE.opened : CAUSE.input,
    flags: i === 0 ? SEGMENT_FLAG.sessionStart : 0,
  }));
  return [
    { ...run, ended: null, endCause: null },
    { ...life, closed: null, closeCause: null },
    ...segments,
    { ...life, closed, closeCause: CAUSE.closed },
    { ...run, ended: closed, endCause: CAUSE.closed },
  ];
}

let next = Number(outbox.get('checkpoint') ?? 0);
const half = (2 + SEGMENTS + 2) / 2;
function work(): void {
  // The checkpoint counts halves, and is written with the records: a kill between two halves continues with the second.
  const records = recordsOf(Math.floor(next / 2));
  const part = next % 2 === 0 ? records.slice(0, half) : records.slice(half);
  next += 1;
  outbox.commit(part, String(next), Date.now());
}
uplink.start();
const timer = setInterval(work, env.LOAD_PAUSE_MS);
process.on('SIGTERM', () => {
  clearInterval(timer);
  if (next % 2 === 1) work();
  void uplink.stop().then(() => {
    outbox.close();
    process.exit(0);
  });
});

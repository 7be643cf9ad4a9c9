import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { STATE, type AgentRecord } from '@process-meter/contract';
import { freePort } from '@process-meter/local';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testChain, type TestAgent, type TestChain } from '../testing/chain.ts';

const BASE = Date.UTC(2026, 10, 20, 8);
const HOUR = 3_600_000;
const eventually = { timeout: 15_000, interval: 50 };

let chain: TestChain;
const children: ChildProcess[] = [];

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await chain.close();
});

/** An ingest process that closes what is silent for a second. */
async function startProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, '../ingest/main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PM_DATABASE_URL: `${chain.database.url}?application_name=closing-under-test`,
      PM_NATS_URL: chain.nats.url,
      PM_SECRETS_DIR: chain.secretsDir,
      PM_PORT: String(await freePort()),
      PM_ROLL_EVERY_MS: '200',
      PM_ACK_WAIT_MS: '2000',
      PM_CLOSE_AFTER_MS: '1000',
      PM_CLOSE_EVERY_MS: '100',
      PM_LOG_LEVEL: 'fatal',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
}

const count = async (sql: string, ...parameters: unknown[]): Promise<number> =>
  Number(
    (await chain.database.pool.query<{ n: string }>(`select count(*) as n from ${sql}`, parameters)).rows[0]!
      .n,
  );
const ms = async (): Promise<number> => {
  const { rows } = await chain.database.pool.query<{ n: string }>(
    'select coalesce(sum(ms_active + ms_inactive + ms_timeout), 0) as n from rollup_quarter',
  );
  return Number(rows[0]!.n);
};

const id = (n: number): string => n.toString(16).padStart(16, '0');
const session = { kind: 'session' as const, session: id(1), user: 'ida', computer: 'ws-1', desktop: ':1' };
const ofSession = (ended: number | null): Omit<AgentRecord & { kind: 'session' }, 'seq' | 'application'> => ({
  ...session,
  executable: 'draw',
  pid: 7,
  started: BASE,
  ended,
  endCause: ended === null ? null : 13,
  revision: 1,
});
const ofDocument = (closed: number | null): Omit<AgentRecord & { kind: 'document' }, 'seq'> => ({
  kind: 'document',
  session: id(1),
  document: id(2),
  name: 'plan',
  path: '',
  source: 'file',
  confidence: 90,
  opened: BASE,
  closed,
  closeCause: closed === null ? null : 13,
});

/** Opens a document and is not heard any more; its last news says that it is open for 20 hours. */
async function openAndVanish(agent: TestAgent): Promise<void> {
  const stretch = { session: id(1), document: id(2), application: chain.application };
  await agent.send(
    [
      { seq: 1, application: chain.application, ...ofSession(null) },
      { seq: 2, ...ofDocument(null) },
    ],
    {
      rev: 1,
      asOf: BASE + 20 * HOUR,
      watchedFrom: BASE,
      documents: [{ ...stretch, state: STATE.inactive, cause: 1, flags: 1, since: BASE, held: null }],
    },
  );
}

test('a process killed in the middle of closing leaves nothing half done, and others close once; late records replace it', async () => {
  const { pool } = chain.database;
  await pool.query(`
    create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(1.5); return new; end $$;
    create trigger dawdle before insert on server_closing for each row execute function dawdle()`);
  const agent = await chain.enrol();
  // "Heard" counts from the enrolment on.
  await pool.query(`update agent set enrolled_at = '2026-11-01' where id = $1`, [agent.id]);
  await openAndVanish(agent);
  const first = await startProcess();
  const dawdling = `pg_stat_activity where application_name = 'closing-under-test' and wait_event = 'PgSleep'`;
  await expect.poll(() => count(dawdling), { ...eventually, interval: 10 }).toBe(1);
  await kill(first);
  await expect.poll(() => count(dawdling), eventually).toBe(0);
  expect(await count('segment')).toBe(0);
  expect(await count('session where ended is null')).toBe(1);
  expect(await count('open_stretch')).toBe(1);
  await pool.query('drop trigger dawdle on server_closing');

  await Promise.all([startProcess(), startProcess()]);
  await expect.poll(() => count('server_closing where closed_at is not null'), eventually).toBe(1);
  await expect.poll(ms, eventually).toBe(20 * HOUR);
  // At the last instant it was heard, cut at the cap, each piece marked.
  const { rows } = await pool.query(
    `select (extract(epoch from ended - started) / 3600)::int as hours, cause, flags from segment order by started`,
  );
  expect(rows).toEqual([
    { hours: 8, cause: 1, flags: 1 | 4 },
    { hours: 8, cause: 9, flags: 2 | 4 },
    { hours: 4, cause: 9, flags: 2 | 4 },
  ]);
  const ended = new Date(BASE + 20 * HOUR);
  expect(await count('session where ended = $1 and end_cause = 20', ended)).toBe(1);
  expect(await count('document where closed = $1 and close_cause = 20', ended)).toBe(1);

  // The agent comes back: the user had closed it after two hours.
  const piece = { kind: 'segment' as const, session: id(1), document: id(2), application: chain.application };
  await agent.send(
    [
      { ...piece, seq: 3, started: BASE, ended: BASE + HOUR, state: STATE.inactive, cause: 1, flags: 1 },
      {
        ...piece,
        seq: 4,
        started: BASE + HOUR,
        ended: BASE + 2 * HOUR,
        state: STATE.active,
        cause: 2,
        flags: 0,
      },
      { seq: 5, ...ofDocument(BASE + 2 * HOUR) },
      { seq: 6, application: chain.application, ...ofSession(BASE + 2 * HOUR) },
    ],
    { rev: 2, asOf: BASE + 30 * HOUR, watchedFrom: BASE, documents: [] },
  );
  await expect.poll(() => count('segment where epoch = $1', agent.epoch), eventually).toBe(2);
  await expect.poll(ms, eventually).toBe(2 * HOUR);
  expect(await count('segment')).toBe(2);
  expect(await count('session where ended = $1 and end_cause = 13', new Date(BASE + 2 * HOUR))).toBe(1);
  expect(await count('document where closed = $1 and close_cause = 13', new Date(BASE + 2 * HOUR))).toBe(1);
  expect(await count('rollup_quarter where starts = 1')).toBe(1);
}, 60_000);

import { randomBytes } from 'node:crypto';
import { deriveAgentKey, encodeBatch, HEADER, macHeader, recordSubject } from '@process-meter/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readSnapshot } from '../db/index.ts';
import { createReplay } from '../ingest/replay.ts';
import { quarterOf } from '../rollup/index.ts';
import { readUse } from '../use/index.ts';
import { ingestFeed, type Feed } from '../testing/feed.ts';
import { addAgent, rollAll } from '../testing/recorded.ts';
import { SampleAgent, type Step } from '../testing/sample-agent.ts';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { closeSilentAgents, silentAgents, type Silence } from './index.ts';

let database: TestDatabase;
let account = 0;
const BASE = Date.UTC(2026, 5, 1, 8);
const DAY = 86_400_000;

beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
  const { rows } = await database.pool.query<{ id: number }>(
    `insert into account (slug, name, hash_key) values ('acme', 'Acme', 'k') returning id`,
  );
  account = rows[0]!.id;
});
afterAll(() => database.drop());

interface Desk {
  agent: number;
  name: string;
  application: number;
  desktop: SampleAgent;
}

let desks = 0;

/** An agent with an application of its own, so that its roll-up is its own. */
async function desk(): Promise<Desk> {
  desks += 1;
  const slug = `app-${desks}`;
  const name = desks
    .toString(8)
    .padStart(12, 'a')
    .replaceAll(/[01]/g, (digit) => (digit === '0' ? 'x' : 'y'));
  const agent = await addAgent(database.pool, account, name);
  const { rows } = await database.pool.query<{ id: number }>(
    `insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     values ($1, $2, $2, '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1) returning id`,
    [account, slug],
  );
  const application = rows[0]!.id;
  return { agent, name, application, desktop: new SampleAgent(application, BASE) };
}

/** The twin is heard for ever: the server never closes it. */
async function neverSilent({ agent }: Desk): Promise<void> {
  await database.pool.query(`update agent set last_seen_at = '2090-01-01' where id = $1`, [agent]);
}

/** One round, as a closer does it. */
async function close(
  silence: Silence = { heardBefore: new Date(Date.now() + DAY), revokedBefore: new Date(0) },
): Promise<number> {
  const { agents } = await silentAgents(database.pool, silence, 1000);
  const client = await database.pool.connect();
  try {
    return await closeSilentAgents(client, silence, agents);
  } finally {
    client.release();
  }
}

async function send({ name }: Desk, feed: Feed, news: ReturnType<SampleAgent['take']>): Promise<void> {
  if (news !== null) await feed({ account: 'acme', agent: name, epoch: 7, ...news });
}

async function rows(sql: string, ...parameters: unknown[]): Promise<unknown[]> {
  return (await database.pool.query(sql, parameters)).rows;
}

/** Everything stored of an agent, without its own ids. */
async function stored({ agent, application }: Desk): Promise<Record<string, unknown[]>> {
  const without = "- 'agent_id' - 'application_id'";
  const of = (table: string, order: string): Promise<unknown[]> =>
    rows(`select to_jsonb(t) ${without} as row from ${table} t where agent_id = $1 order by ${order}`, agent);
  return {
    segments: await of('segment', 'epoch, seq'),
    documents: await of('document', 'id'),
    sessions: await of('session', 'id'),
    snapshot: await of('open_snapshot', 'rev'),
    open: await of('open_document', 'document_id'),
    ranges: await of('agent_range', 'epoch'),
    rollup: await rows(
      `select to_jsonb(t) ${without} as row from rollup_quarter t where application_id = $1 order by q`,
      application,
    ),
  };
}

const use = ({ application }: Desk): Promise<unknown> =>
  readSnapshot(database.pool, (client) =>
    readUse(client, { account, application, first: quarterOf(BASE) - 4, last: quarterOf(BASE + 3 * DAY) }),
  );

const count = async (sql: string, ...parameters: unknown[]): Promise<number> =>
  Number(
    (await database.pool.query<{ n: string }>(`select count(*) as n from ${sql}`, parameters)).rows[0]!.n,
  );

/** Nothing was refused: a feed that refuses would make any two agents alike. */
const refused = (): Promise<number> => count('dead_letter');

/** All that holds of an agent when the server has just closed it. */
async function expectClosed(of: Desk, figuresBefore: unknown): Promise<void> {
  expect(await count('open_stretch where agent_id = $1', of.agent)).toBe(0);
  expect(await count('session where agent_id = $1 and ended is null', of.agent)).toBe(0);
  expect(await count('document where agent_id = $1 and closed is null', of.agent)).toBe(0);
  expect(await use(of)).toEqual(figuresBefore);
  // Segments of a document still tile its life.
  const untiled = `document d where d.agent_id = $1 and d.closed - d.opened is distinct from coalesce((
    select sum(ended - started) from segment g where g.agent_id = d.agent_id and g.document_id = d.id), '0')`;
  expect(await count(untiled, of.agent)).toBe(0);
  expect(await count(`segment where agent_id = $1 and ended - started > interval '8 hours'`, of.agent)).toBe(
    0,
  );
}

const stepArbitrary: fc.Arbitrary<Step> = fc.record({
  minutes: fc.oneof(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 400, max: 470 })),
  document: fc.integer({ min: 0, max: 3 }),
  act: fc.constantFrom<Step['act']>('close', 1, 2, 3),
  hold: fc.boolean(),
  send: fc.constantFrom<Step['send']>('nothing', 'records', 'records and snapshot', 'records and snapshot'),
});
const storyArbitrary = fc.array(
  fc.record({ step: stepArbitrary, closes: fc.integer({ min: 0, max: 2 }), roll: fc.boolean() }),
  { minLength: 3, maxLength: 11 },
);

test('whenever the server closes and the agent comes back: the rows are those of an agent that was never closed', async () => {
  let written = 0;
  await fc.assert(
    fc.asyncProperty(storyArbitrary, async (story) => {
      const [closed, twin] = [await desk(), await desk()];
      await neverSilent(twin);
      const feed = ingestFeed(database.pool);
      for (const { step, closes, roll } of story) {
        const news = closed.desktop.take(step);
        await send(closed, feed, news);
        await send(twin, feed, twin.desktop.take(step));
        const before = closes > 0 ? await use(closed) : [];
        for (let i = 0; i < closes; i += 1) await close();
        if (closes > 0) await expectClosed(closed, before);
        written += await count('segment where agent_id = $1 and flags & 4 = 4', closed.agent);
        if (roll) await rollAll(database.pool);
        // The same again is no news: what is closed stays closed.
        if (closes > 0 && news !== null) {
          await send(closed, feed, news);
          await expectClosed(closed, before);
        }
      }
      await send(closed, feed, closed.desktop.last());
      await send(twin, feed, twin.desktop.last());
      await rollAll(database.pool);
      expect(await stored(closed)).toEqual(await stored(twin));
      expect(await refused()).toBe(0);
    }),
    { numRuns: 10 },
  );
  // The property is about something: the server did write segments.
  expect(written).toBeGreaterThan(0);
}, 60_000);

test('closers and ingest processes at once: nothing is counted twice and nothing is lost', async () => {
  const pairs = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const [closed, twin] = [await desk(), await desk()];
      await neverSilent(twin);
      return { closed, twin };
    }),
  );
  const [one, other] = [ingestFeed(database.pool), ingestFeed(database.pool)];
  let over = false;
  const closer = async (): Promise<number> => {
    let agents = 0;
    while (!over) agents += await close();
    return agents;
  };
  const closing = Promise.all([closer(), closer()]);
  const steps = fc.sample(stepArbitrary, { numRuns: 18, seed: 11 });
  await Promise.all(
    pairs.map(async ({ closed, twin }) => {
      for (const step of steps) {
        const news = closed.desktop.take(step);
        // Both processes get it, as after an acknowledgement that was lost.
        await Promise.all([send(closed, one, news), send(closed, other, news)]);
        await send(twin, one, twin.desktop.take(step));
      }
    }),
  );
  over = true;
  expect((await closing).reduce((sum, agents) => sum + agents, 0)).toBeGreaterThan(pairs.length);
  for (const { closed, twin } of pairs) {
    await send(closed, one, closed.desktop.last());
    await send(twin, one, twin.desktop.last());
  }
  await rollAll(database.pool);
  for (const { closed, twin } of pairs) expect(await stored(closed)).toEqual(await stored(twin));
  expect(await refused()).toBe(0);
}, 60_000);

test('news that is being committed while the server wants to close is waited for', async () => {
  const { pool } = database;
  const [closed, twin] = [await desk(), await desk()];
  await neverSilent(twin);
  const feed = ingestFeed(pool);
  const step: Step = { minutes: 5, document: 0, act: 1, hold: false, send: 'records and snapshot' };
  for (const each of [closed, twin]) await send(each, feed, each.desktop.take(step));
  await pool.query(`
    create function dawdle() returns trigger language plpgsql as $$ begin perform pg_sleep(0.4); return new; end $$;
    create trigger dawdle before insert or update on open_snapshot for each row execute function dawdle()`);
  const later: Step = { ...step, minutes: 30, act: 2 };
  const sending = send(closed, feed, closed.desktop.take(later));
  const dawdling = `pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`;
  await expect.poll(() => count(dawdling), { interval: 5 }).toBeGreaterThan(0);
  expect(await close()).toBeGreaterThan(0);
  await sending;
  await pool.query('drop trigger dawdle on open_snapshot');
  await send(twin, feed, twin.desktop.take(later));
  await expectClosed(closed, await use(twin));
});

test('a revoked agent is closed although it was heard a moment ago; one that is heard is not', async () => {
  const [revoked, heard] = [await desk(), await desk()];
  const feed = ingestFeed(database.pool);
  const step: Step = { minutes: 5, document: 0, act: 1, hold: false, send: 'records and snapshot' };
  for (const each of [revoked, heard]) await send(each, feed, each.desktop.take(step));
  await database.pool.query('update agent set revoked_at = $2 where id = $1', [
    revoked.agent,
    new Date(Date.now() - 2000),
  ]);
  const silence = { heardBefore: new Date(Date.now() - DAY), revokedBefore: new Date(Date.now() - 1000) };
  expect(await close(silence)).toBe(1);
  expect(await close(silence)).toBe(0);
  expect(await count('session where agent_id = $1 and end_cause = 20', revoked.agent)).toBe(1);
  expect(await count('session where agent_id = $1 and ended is null', heard.agent)).toBe(1);
});

test('a dead letter that is replayed is news too', async () => {
  const { pool } = database;
  const [closed, twin] = [await desk(), await desk()];
  await neverSilent(twin);
  const feed = ingestFeed(pool);
  const step: Step = { minutes: 5, document: 0, act: 1, hold: false, send: 'records and snapshot' };
  for (const each of [closed, twin]) await send(each, feed, each.desktop.take(step));
  await close();
  expect(await count('session where agent_id = $1 and end_cause = 20', closed.agent)).toBe(1);
  const later: Step = { ...step, minutes: 30, act: 'close' };
  await send(twin, feed, twin.desktop.take(later));
  const [kid, master] = ['k1', randomBytes(32)];
  const replay = createReplay({ pool, masters: new Map([[kid, master]]), clock: Date.now });
  const client = await pool.connect();
  await client.query('begin');
  const letter = letterOf(closed, closed.desktop.take(later)!, { kid, master });
  expect(await replay(client, letter)).toMatchObject({ ok: true });
  await client.query('commit');
  client.release();
  await rollAll(pool);
  expect(await stored(closed)).toEqual(await stored(twin));
});

function letterOf(
  { name }: Desk,
  news: NonNullable<ReturnType<SampleAgent['take']>>,
  { kid, master }: { kid: string; master: Buffer },
): Parameters<ReturnType<typeof createReplay>>[1] {
  const subject = recordSubject('acme', name);
  const { body, encoding } = encodeBatch({
    account: 'acme',
    agent: name,
    epoch: 7,
    sentAt: Date.now(),
    ...news,
  });
  const seq = news.records[0]?.seq ?? 0;
  const mac = macHeader(deriveAgentKey(master, kid, name), kid, { subject, epoch: 7, seq, body });
  const headers = {
    [HEADER.mac]: mac,
    [HEADER.epoch]: '7',
    [HEADER.seq]: String(seq),
    [HEADER.encoding]: encoding,
  };
  return { subject, streamSeq: 1, streamAt: new Date(), headers, body };
}

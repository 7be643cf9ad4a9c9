import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addAgent, recordUse, type RecordedSpan } from '../testing/recorded.ts';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { connectedAgents, readMoment } from './store.ts';

let database: TestDatabase;
let account = 0;
let application = 0;
const NOW = Date.UTC(2026, 10, 20, 8);
const MINUTE = 60_000;

beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
  const { rows } = await database.pool.query<{ account: number; application: number }>(`
    with a as (insert into account (slug, name, hash_key) values ('acme', 'Acme', 'k') returning id)
    insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
      busy_cpu_share, title_privacy, path_privacy, revision)
    select id, 'draw', 'Draw', '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1 from a
    returning account_id as account, id as application`);
  ({ account, application } = rows[0]!);
});
afterAll(() => database.drop());

async function agentWith(
  id: string,
  spans: RecordedSpan[],
  heard: { asOf: number; seen: number },
): Promise<void> {
  const agent = await addAgent(database.pool, account, id, `ws-${id}`);
  await database.pool.query(`update agent set phase = 'running', last_seen_at = $2 where id = $1`, [
    agent,
    new Date(heard.seen),
  ]);
  await recordUse(database.pool, { account, application, agent, asOf: heard.asOf, spans });
}

const open = (session: number, minutes: number, state: number): RecordedSpan => ({
  session,
  document: session,
  started: NOW - minutes * MINUTE,
  ended: NOW,
  state,
  open: true,
});

test('however many sessions are open, ten are named: the newest, and the longest idle', async () => {
  const sessions = Array.from({ length: 25 }, (_, i) => open(i + 1, i + 1, (i % 3) + 1));
  await agentWith('aaaaaaaaaaaa', sessions, { asOf: NOW, seen: NOW });
  const moment = await readMoment(database.pool, account, NOW);
  expect(moment.applications).toMatchObject([{ active: 9, inactive: 8, timeout: 8 }]);
  expect(moment.computers).toBe(1);
  const since = (minutes: number): number => NOW - minutes * MINUTE;
  expect(moment.recent.map((session) => session.since)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(since));
  expect(moment.recent[0]).toMatchObject({
    user: 'ida',
    computer: 'ws-1',
    document: 'plan-1.odg',
  });
  const idle = [24, 23, 21, 20, 18, 17, 15, 14, 12, 11];
  expect(moment.idle.map((session) => session.since)).toEqual(idle.map(since));
  expect(moment.idle.every((session) => session.state !== 'active')).toBe(true);
});

test('what its own records have overtaken is not open any more, while the snapshot of a returning agent is old', async () => {
  const overtaken = { ...open(1, 90, 1), ended: NOW - 60 * MINUTE };
  const closed = { ...overtaken, open: false, started: NOW - 80 * MINUTE };
  await agentWith('bbbbbbbbbbbb', [overtaken, closed, { ...open(2, 90, 3), document: 2 }], {
    asOf: NOW - 60 * MINUTE,
    seen: NOW,
  });
  // One that is not heard is not live at all.
  await agentWith('cccccccccccc', [open(1, 90, 1)], { asOf: NOW - 60 * MINUTE, seen: NOW - 60 * MINUTE });
  const moment = await readMoment(database.pool, account, NOW);
  expect(moment.applications).toMatchObject([{ active: 9, inactive: 8, timeout: 9 }]);
  expect(moment.agents.counts).toMatchObject({ connected: 2, away: 1 });
});

test('agents to ask are those that are connected, those heard last first', async () => {
  const ask = (limit: number): Promise<string[]> =>
    connectedAgents(database.pool, account, { now: NOW, limit });
  expect((await ask(10)).toSorted()).toEqual(['aaaaaaaaaaaa', 'bbbbbbbbbbbb']);
  expect(await ask(1)).toHaveLength(1);
});

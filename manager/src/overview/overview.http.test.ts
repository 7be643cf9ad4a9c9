import { CAUSE } from '@process-meter/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testApi, type TestApi } from '../testing/api.ts';
import { addAgent, recordUse, type RecordedSpan } from '../testing/recorded.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = Date.UTC(2026, 10, 24, 12, 0, 30);
let api: TestApi;
let agent: number;
let application: number;

beforeAll(async () => {
  api = await testApi(inject('postgresUrl'), { clock: () => NOW });
});
afterAll(() => api.close());

const overview = async () => (await api.call('GET', 'overview')).json;

test('an empty appliance says what to do first', async () => {
  const { tasks, live, today, completeness } = await overview();
  expect(tasks.map((task: { kind: string }) => task.kind)).toEqual(['noApplications', 'noAgents']);
  expect(live).toMatchObject({ active: 0, inactive: 0, timeout: 0, applications: [], recent: [], idle: [] });
  expect(today.peak).toEqual({ count: 0, at: null, forMs: 0 });
  expect(completeness.share).toBeNull();
});

test('live use counts sessions under their most active document, by application', async () => {
  const { pool } = api.database;
  application = Number(
    (await api.call('POST', 'applications', { name: 'Draw', rules: [{ executable: 'draw' }] })).json.id,
  );
  agent = await addAgent(pool, api.account, 'aaaaaaaaaaaa');
  await pool.query(`update agent set phase = 'running', last_seen_at = $1, applied_revision = 2`, [
    new Date(NOW),
  ]);
  const open = (session: number, document: number, state: number, since: number): RecordedSpan => ({
    session,
    document,
    state,
    started: NOW - since,
    ended: NOW,
    open: true,
  });
  await recordUse(pool, {
    account: api.account,
    application,
    agent,
    asOf: NOW,
    spans: [
      open(1, 11, 2, 5 * MINUTE),
      open(1, 12, 1, 2 * MINUTE),
      open(2, 21, 2, 10 * MINUTE),
      open(3, 31, 3, 2 * HOUR),
      { session: 4, document: 41, state: 1, started: NOW - HOUR, ended: NOW - 30 * MINUTE, open: false },
    ],
  });
  const { live, today, tasks } = await overview();
  expect(live).toMatchObject({ active: 1, inactive: 1, timeout: 1, computers: 1 });
  expect(live.applications).toMatchObject([{ active: 1, inactive: 1, timeout: 1, peakToday: 3 }]);
  expect(live.recent.map((row: { session: string }) => row.session.at(-1))).toEqual(['1', '2', '3']);
  expect(live.recent[0].document).toBe('plan-12.odg');
  expect(live.idle.map((row: { session: string }) => row.session.at(-1))).toEqual(['3', '2']);
  expect(today.peak.count).toBe(3);
  expect(today.points).toHaveLength(49);
  expect(today.from).toBe(Date.UTC(2026, 10, 24));
  expect(live.agents).toMatchObject({ wantedRevision: 2, haveWanted: 1 });
  expect(tasks).toEqual([]);
});

test('what an agent that went silent left open is not live', async () => {
  const { pool } = api.database;
  const old = new Date(NOW - 10 * MINUTE);
  await pool.query('update agent set last_seen_at = $1', [old]);
  await pool.query('update open_snapshot set as_of = $1', [old]);
  expect((await overview()).live).toMatchObject({ active: 0, inactive: 0, timeout: 0 });
  await pool.query('update agent set last_seen_at = $1', [new Date(NOW)]);
  await pool.query('update open_snapshot set as_of = $1', [new Date(NOW)]);
});

test('each trouble is a task with a count and an instant, and goes when its cause goes', async () => {
  const { pool } = api.database;
  const hourAgo = new Date(NOW - HOUR);
  await pool.query(`update agent set last_seen_at = $1 where id = $2`, [new Date(NOW - 25 * HOUR), agent]);
  const blind = await addAgent(pool, api.account, 'bbbbbbbbbbbb', 'ws-2');
  await pool.query(
    `update agent set phase = 'running', last_seen_at = $1, applied_revision = 1 where id = $2`,
    [new Date(NOW), blind],
  );
  await pool.query(
    `insert into capability values ($1, $2, $3, 'none', 'none', 'none', 'wayland', 'this desktop cannot be measured')`,
    [api.account, blind, hourAgo],
  );
  await pool.query(
    `insert into dead_letter (received_at, account_id, agent_id, subject, code, reason, headers, body)
     values ($1, $2, $3, 'rec', 'PM-6005', 'a rule', '{}', 'abc')`,
    [hourAgo, api.account, blind],
  );
  await pool.query(`insert into record_gap values ($1, $2, $3, $3, 7, 'outboxFull')`, [
    api.account,
    blind,
    hourAgo,
  ]);
  await pool.query(`update application set updated_at = $1`, [hourAgo]);
  const { tasks } = await overview();
  expect(tasks).toEqual([
    { kind: 'agentsSilent', count: 1, since: NOW - 25 * HOUR },
    { kind: 'agentsBlind', count: 1, since: NOW - HOUR },
    { kind: 'deadLetters', count: 1, since: NOW - HOUR },
    { kind: 'recordsLost', count: 1, since: NOW - HOUR },
    { kind: 'configurationOld', count: 1, since: NOW - HOUR },
  ]);
  const letters = (await api.call('GET', 'dead-letters')).json;
  expect(letters).toMatchObject({
    total: 1,
    letters: [{ agent: 'bbbbbbbbbbbb', code: 'PM-6005', bytes: 3 }],
  });
  const seen = (await api.call('GET', 'agents/bbbbbbbbbbbb')).json;
  expect(seen.gaps).toEqual([{ from: NOW - HOUR, to: NOW - HOUR, lost: 7, reason: 'outboxFull' }]);
  expect(seen.capability).toMatchObject({
    at: NOW - HOUR,
    input: 'none',
    window: 'none',
    desktop: 'wayland',
  });
  await pool.query(`update agent set last_seen_at = $1, applied_revision = 2`, [new Date(NOW)]);
  for (const table of ['capability', 'dead_letter', 'record_gap']) await pool.query(`delete from ${table}`);
  expect((await overview()).tasks).toEqual([]);
});

test('completeness names the agent and the stretch that is missing', async () => {
  const { pool } = api.database;
  const at = (hour: number): Date => new Date(Date.UTC(2026, 10, 24, hour));
  await pool.query(`delete from open_snapshot`);
  const rows: [number, number, number][] = [
    [6, 7, CAUSE.cut],
    [8, 9, CAUSE.agentStopped],
    [10, 12, CAUSE.cut],
  ];
  for (const [from, to, cause] of rows)
    await pool.query('insert into coverage values ($1, $2, $3, $4, $5)', [
      api.account,
      agent,
      at(from),
      at(to),
      cause,
    ]);
  const answer = await api.call('GET', 'completeness?from=2026-11-24T00:00:00Z&to=2026-11-24T12:00:00Z');
  expect(answer.status).toBe(200);
  const { agents, overall } = answer.json;
  expect(overall.share).toBeCloseTo(4 / 5, 6);
  expect(agents.find((row: { id: string }) => row.id === 'aaaaaaaaaaaa')).toMatchObject({
    share: 0.8,
    missing: [{ from: at(7).getTime(), to: at(8).getTime() }],
  });
  for (const query of [
    '',
    'from=x&to=y',
    'from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z',
    'from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z',
  ])
    expect((await api.call('GET', `completeness?${query}`)).status).toBe(400);
});

test('another account sees none of it', async () => {
  const other = await api.otherAccount('other');
  const { live, tasks } = (await other('GET', 'overview')).json;
  expect(live).toMatchObject({ active: 0, computers: 0, applications: [] });
  expect(live.agents.counts.connected).toBe(0);
  expect(tasks.map((task: { kind: string }) => task.kind)).toEqual(['noApplications', 'noAgents']);
  expect((await other('GET', 'dead-letters')).json.total).toBe(0);
  expect(
    (await other('GET', 'completeness?from=2026-11-24T00:00:00Z&to=2026-11-25T00:00:00Z')).json.agents,
  ).toEqual([]);
});

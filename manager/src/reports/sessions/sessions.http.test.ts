import type { SessionDetail, SessionRow, Sessions } from '@process-meter/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testApi, type TestApi } from '../../testing/api.ts';
import { addAgent, recordUse, rollAll, type RecordedSpan } from '../../testing/recorded.ts';

const MINUTE = 60_000;
const BASE = Date.UTC(2026, 10, 24, 8);
const AS_OF = BASE + 60 * MINUTE;
const AGENT = 'aaaaaaaaaaaa';
let api: TestApi;

/** Session `n` with documents of its own; times in minutes after 08:00. */
const span = (
  session: number,
  document: number,
  [from, to, state]: [number, number, number],
  open = false,
): RecordedSpan => ({
  session,
  document: session * 100 + document,
  started: BASE + from * MINUTE,
  ended: BASE + to * MINUTE,
  state,
  open,
});

const spans: RecordedSpan[] = [
  // Two documents that overlap: Active wins over Inactive, Inactive over Timeout.
  span(1, 1, [0, 10, 1]),
  span(1, 1, [10, 30, 2]),
  span(1, 2, [5, 15, 2]),
  span(1, 2, [15, 20, 1]),
  // One that is open now.
  span(2, 1, [10, 20, 1]),
  span(2, 1, [20, 60, 2], true),
  ...[3, 4, 5, 6, 7].map((n) => span(n, 1, [n, n + 1, 1])),
];
const users: Record<number, string> = { 1: 'ida', 2: 'olav', 3: '=cmd()', 4: 'per, "jr"', 5: 'åse' };
const refOf = (session: number): string => `${AGENT}.${session.toString(16).padStart(16, '0')}`;

beforeAll(async () => {
  api = await testApi(inject('postgresUrl'), { clock: () => AS_OF });
  const { pool } = api.database;
  const added = await api.call('POST', 'applications', { name: 'Draw', rules: [{ executable: 'draw' }] });
  const agent = await addAgent(pool, api.account, AGENT);
  await recordUse(pool, {
    account: api.account,
    application: Number(added.json.id),
    agent,
    asOf: AS_OF,
    spans,
    user: (session) => users[session] ?? 'ida',
  });
  await rollAll(pool);
});
afterAll(() => api.close());

const RANGE = { from: '2026-11-24T00:00:00Z', to: '2026-11-25T00:00:00Z' };
async function list(query: Record<string, string> = {}, more: [string, string][] = []): Promise<Sessions> {
  const params = new URLSearchParams([...Object.entries({ ...RANGE, ...query }), ...more]).toString();
  const answer = await api.call('GET', `reports/sessions?${params}`);
  expect(answer.status).toBe(200);
  return answer.json;
}
const refs = (report: Sessions): string[] => report.sessions.map((row: SessionRow) => row.session);

test('a session’s time is that of the most active of its documents at each instant', async () => {
  const [row] = (await list({ session: refOf(1) })).sessions;
  expect(row).toMatchObject({
    user: 'ida',
    documents: 2,
    activeMs: 15 * MINUTE,
    inactiveMs: 15 * MINUTE,
    timeoutMs: 0,
    ended: BASE + 30 * MINUTE,
    state: null,
  });
});

test('an open session counts up to the last news and shows its state', async () => {
  const [row] = (await list({ session: refOf(2) })).sessions;
  expect(row).toMatchObject({
    ended: null,
    state: 'inactive',
    activeMs: 10 * MINUTE,
    inactiveMs: 40 * MINUTE,
  });
});

test('totals are of everything the filter gives, whatever the page', async () => {
  const page = await list({ size: '2', page: '2' });
  expect([page.sessions.length, page.total, page.page]).toEqual([2, 7, 2]);
  expect(page.totals).toEqual({ activeMs: 30 * MINUTE, inactiveMs: 55 * MINUTE, timeoutMs: 0 });
  expect((await list({ size: '2', page: '99' })).sessions).toEqual([]);
});

test('pages of any order show each session once', async () => {
  for (const sort of [
    'started',
    '-started',
    'user',
    '-open',
    'application',
    'computer',
    'timeout',
    '-active',
  ]) {
    const pages = await Promise.all(['1', '2', '3'].map((page) => list({ sort, size: '3', page })));
    expect([sort, new Set(pages.flatMap(refs)).size]).toEqual([sort, 7]);
  }
  expect(refs(await list({ sort: '-open' }))[0]).toBe(refOf(2));
  expect(refs(await list({ sort: 'started' }))[0]).toBe(refOf(1));
});

test('filters by user, computer, application, state, instant and reference', async () => {
  expect(refs(await list({ user: 'olav' }))).toEqual([refOf(2)]);
  expect((await list({ computer: 'ws-1' })).total).toBe(7);
  expect((await list({ computer: 'ws-2' })).total).toBe(0);
  expect((await list({ app: 'draw' })).total).toBe(7);
  expect((await list({ app: 'nothing' })).total).toBe(0);
  expect(refs(await list({ state: 'inactive' }))).toEqual([refOf(2)]);
  expect((await list({ at: '2026-11-24T08:12:00Z' })).total).toBe(2);
  expect((await list({ session: AGENT })).total).toBe(7);
  expect(refs(await list({ session: refOf(5) }))).toEqual([refOf(5)]);
});

test('a parameter that is repeated names several values, whatever is in them, for the list as for its CSV', async () => {
  const both: [string, string][] = [
    ['user', 'olav'],
    ['user', 'per, "jr"'],
    ['state', 'inactive'],
    ['state', 'active'],
  ];
  expect(refs(await list({ sort: 'started' }, both.slice(0, 2)))).toEqual([refOf(4), refOf(2)]);
  expect(refs(await list({}, both))).toEqual([refOf(2)]);
  const query = new URLSearchParams([...Object.entries(RANGE), ...both.slice(0, 2)]).toString();
  const csv = await api.call('GET', `reports/sessions.csv?${query}`);
  expect(csv.text.trimEnd().split('\r\n')).toHaveLength(3);
});

test('facets offer what is there with counts', async () => {
  const { facets } = await list();
  expect(facets.applications).toMatchObject([{ slug: 'draw', count: 7 }]);
  expect(facets.computers).toEqual([{ value: 'ws-1', count: 7 }]);
  expect(facets.users.find((user) => user.value === 'ida')).toEqual({ value: 'ida', count: 3 });
});

test('CSV has all rows of the filter, quotes by RFC 4180, and no cell a spreadsheet would run', async () => {
  const query = new URLSearchParams({ ...RANGE, sort: 'started', size: '1', tz: 'Asia/Kolkata' }).toString();
  const answer = await api.call('GET', `reports/sessions.csv?${query}`);
  expect(answer.headers['content-disposition']).toBe('attachment; filename="sessions.csv"');
  const lines = answer.text.split('\r\n');
  expect(lines).toHaveLength(9);
  expect(lines[1]).toContain('2026-11-24T13:30:00.000+05:30');
  expect(answer.text).toContain(",'=cmd(),");
  expect(answer.text).toContain(',"per, ""jr""",');
  expect(answer.text).not.toMatch(/,=/);
});

test('Session Detail tiles each document and tells causes, rules and neighbours', async () => {
  const answer = await api.call('GET', `reports/sessions/${refOf(1)}`);
  const detail: SessionDetail = answer.json;
  expect(answer.status).toBe(200);
  for (const document of detail.documentList) {
    expect(document.segments[0]!.from).toBe(document.opened);
    document.segments.slice(1).forEach((segment, i) => expect(segment.from).toBe(document.segments[i]!.to));
    expect(document.segments.at(-1)!.to).toBe(document.closed);
  }
  expect(
    detail.segments.map(({ from, to, state }) => [(from - BASE) / MINUTE, (to - BASE) / MINUTE, state]),
  ).toEqual([
    [0, 10, 'active'],
    [10, 15, 'inactive'],
    [15, 20, 'active'],
    [20, 30, 'inactive'],
  ]);
  expect(detail.segments[0]!.cause).toBe('input');
  expect(detail.previous).toBeNull();
  expect(detail.next).toBe(refOf(6));
});

test('the open segment of a running session is marked as open', async () => {
  const detail: SessionDetail = (await api.call('GET', `reports/sessions/${refOf(2)}`)).json;
  expect(detail.state).toBe('inactive');
  expect(detail.documentList[0]!.segments.map(({ open }) => open)).toEqual([false, true]);
});

test('Session Detail as CSV has a row a segment', async () => {
  const answer = await api.call('GET', `reports/sessions/${refOf(1)}.csv`);
  expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
  expect(answer.text.trimEnd().split('\r\n')).toHaveLength(5);
});

test('references, pages, orders and ranges that make no sense are refused', async () => {
  for (const query of [
    'page=0',
    'page=x',
    'size=201',
    'sort=colour',
    'state=asleep',
    'from=2026-11-25T00:00:00Z&to=2026-11-24T00:00:00Z',
    'from=2024-11-25T00:00:00Z&to=2026-11-24T00:00:00Z',
    'tz=Nowhere',
    'page=1&page=2',
    'state=active&state=asleep',
    Array.from({ length: 51 }, (_, i) => `user=u${i}`).join('&'),
  ]) {
    expect([query, (await api.call('GET', `reports/sessions?${query}`)).status]).toEqual([query, 400]);
    expect([query, (await api.call('GET', `reports/sessions.csv?${query}`)).status]).toEqual([query, 400]);
  }
  expect((await api.call('GET', 'reports/sessions/nonsense')).status).toBe(400);
  expect((await api.call('GET', 'reports/sessions/nonsense.csv')).status).toBe(400);
  for (const end of ['', '.csv'])
    expect((await api.call('GET', `reports/sessions/${refOf(99)}${end}`)).status).toBe(404);
  expect((await list({ user: '\u{1F600}'.repeat(60) })).total).toBe(0);
  expect((await api.call('GET', 'reports/sessions?user=%00')).status).toBe(400);
});

test('another account finds none of them', async () => {
  const other = await api.otherAccount('other');
  const query = new URLSearchParams(RANGE).toString();
  expect((await other('GET', `reports/sessions?${query}`)).json).toMatchObject({ total: 0, sessions: [] });
  expect((await other('GET', `reports/sessions.csv?${query}`)).text.trimEnd().split('\r\n')).toHaveLength(1);
  expect((await other('GET', `reports/sessions/${refOf(1)}`)).status).toBe(404);
  expect((await other('GET', `reports/sessions/${refOf(1)}.csv`)).status).toBe(404);
});

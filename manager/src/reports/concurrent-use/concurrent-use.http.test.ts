import type { ConcurrentUse } from '@process-meter/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testApi, type TestApi } from '../../testing/api.ts';
import { addAgent, recordUse, rollAll, type RecordedSpan } from '../../testing/recorded.ts';
import { trueUse, type TrueUse } from '../../testing/true-use.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const FROM = Date.UTC(2026, 9, 1);
const AS_OF = Date.UTC(2026, 9, 26, 20, 7, 13, 250);
let api: TestApi;
let spans: RecordedSpan[];

/** A small generator with a fixed beginning: the same use in every run. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomUse(): RecordedSpan[] {
  const random = randomNumbers(20_261_125);
  const made: RecordedSpan[] = [];
  for (let session = 1; session <= 500; session += 1) {
    const begins = FROM + random((AS_OF - FROM) / 1000) * 1000;
    for (let document = 0; document <= random(3); document += 1) {
      let at = begins + random(10 * MINUTE);
      const count = 1 + random(6);
      for (let i = 0; i < count && at < AS_OF; i += 1) {
        const length = random(3) === 0 ? random(3 * HOUR) : random(4 * MINUTE);
        const ended = Math.min(at + 1 + length, AS_OF);
        const open = ended === AS_OF;
        made.push({
          session,
          document: session * 10 + document,
          started: at,
          ended,
          state: 1 + random(3),
          open,
        });
        at = ended;
      }
    }
  }
  return made;
}

beforeAll(async () => {
  api = await testApi(inject('postgresUrl'), { clock: () => AS_OF });
  const { pool } = api.database;
  const application = Number(
    (await api.call('POST', 'applications', { name: 'Draw', rules: [{ executable: 'draw' }] })).json.id,
  );
  const agent = await addAgent(pool, api.account, 'aaaaaaaaaaaa');
  spans = randomUse();
  const late = spans.filter((span) => span.session > 450);
  const use = { account: api.account, application, agent, asOf: AS_OF };
  await recordUse(pool, { ...use, spans: spans.filter((span) => span.session <= 450) });
  await rollAll(pool);
  // What came after the last roll-up is in the dirty log only.
  await recordUse(pool, { ...use, spans: late });
});
afterAll(() => api.close());

const truth = (from: number, to: number): TrueUse => trueUse(spans, from, to);

const iso = (at: number): string => new Date(at).toISOString();

async function report(query: Record<string, string>): Promise<ConcurrentUse> {
  const answer = await api.call('GET', `reports/concurrent-use?${new URLSearchParams(query).toString()}`);
  expect(answer.status).toBe(200);
  return answer.json;
}

const days: [zone: string, midnights: string[]][] = [
  ['UTC', ['2026-10-24T00:00Z', '2026-10-25T00:00Z', '2026-10-26T00:00Z', '2026-10-27T00:00Z']],
  ['Asia/Kolkata', ['2026-10-05T18:30Z', '2026-10-06T18:30Z', '2026-10-07T18:30Z', '2026-10-08T18:30Z']],
  // 4 October has 23.5 hours.
  [
    'Australia/Lord_Howe',
    ['2026-10-02T13:30Z', '2026-10-03T13:30Z', '2026-10-04T13:00Z', '2026-10-05T13:00Z'],
  ],
  // 25 October has 25 hours.
  ['Europe/Berlin', ['2026-10-23T22:00Z', '2026-10-24T22:00Z', '2026-10-25T23:00Z', '2026-10-26T23:00Z']],
];

test.each(days)('local days in %s are exact: peaks, times, lengths', async (tz, midnights) => {
  const at = midnights.map((text) => Date.parse(text));
  const answer = await report({ from: iso(at[0]!), to: iso(at.at(-1)!), tz, step: 'day' });
  const until = answer.until;
  expect(answer.points.map((point) => point.at)).toEqual(at.slice(0, -1));
  answer.points.forEach((point, i) => {
    const wanted = truth(at[i]!, Math.min(at[i + 1]!, AS_OF));
    expect(point.lengthMs).toBe(Math.min(at[i + 1]!, until) - at[i]!);
    expect([point.peak, point.activeMs, point.inactiveMs, point.timeoutMs]).toEqual([
      wanted.peak,
      ...wanted.ms,
    ]);
  });
});

test('every minute of a day counts each session once, under its most active state', async () => {
  const from = Date.UTC(2026, 9, 25);
  const answer = await report({ from: iso(from), to: iso(from + 24 * HOUR) });
  expect([answer.step, answer.points.length]).toEqual(['minute', 1440]);
  for (const point of answer.points) {
    const best = new Map<number, number>();
    for (const span of spans)
      if (span.started < point.at + MINUTE && span.ended > point.at)
        best.set(span.session, Math.min(best.get(span.session) ?? 9, span.state));
    const count = (state: number): number => [...best.values()].filter((value) => value === state).length;
    expect([point.at, point.active, point.inactive, point.timeout]).toEqual([
      point.at,
      count(1),
      count(2),
      count(3),
    ]);
  }
});

test('days by quarters up to a now that lies within a quarter know how complete they are', async () => {
  const query = { from: iso(AS_OF - 72 * HOUR), to: iso(AS_OF + HOUR), step: 'quarter' };
  const { points, completeness } = await report(query);
  expect(points.length).toBeGreaterThan(280);
  expect(completeness.slots).toHaveLength(points.length);
});

test('times of a minute are exact, and the same before and after an upgrade has rolled them up', async () => {
  const from = Date.UTC(2026, 9, 25, 8);
  const query = { from: iso(from), to: iso(from + 4 * HOUR), step: 'minute' };
  const { points } = await report(query);
  const ms = points.map((point) => [point.activeMs, point.inactiveMs, point.timeoutMs]);
  expect(ms).toEqual(points.map((point) => truth(point.at, point.at + MINUTE).ms));
  expect(ms.flat().some((value) => value % MINUTE > 0)).toBe(true);
  await api.database.pool.query('update rollup_quarter set minute_ms = null');
  expect((await report(query)).points).toEqual(points);
});

test('the peak of a range is exact to the millisecond, in height, beginning and length', async () => {
  const from = Date.UTC(2026, 9, 20);
  const to = Date.UTC(2026, 9, 22);
  const { peak } = await report({ from: iso(from), to: iso(to) });
  expect(peak.count).toBeGreaterThan(2);
  expect(peak.count).toBe(truth(from, to).peak);
  const openAt = (at: number): number =>
    new Set(spans.filter((span) => span.started <= at && span.ended > at).map((span) => span.session)).size;
  expect(openAt(peak.at!)).toBe(peak.count);
  expect(openAt(peak.at! - 1)).toBeLessThan(peak.count);
  expect(openAt(peak.at! + peak.forMs - 1)).toBe(peak.count);
  expect(openAt(peak.at! + peak.forMs)).toBeLessThan(peak.count);
});

test('times and average include what is open until the last news', async () => {
  const from = Date.UTC(2026, 9, 26);
  const answer = await report({ from: iso(from), to: iso(from + 24 * HOUR) });
  const wanted = truth(from, AS_OF);
  expect(answer.times).toEqual({ activeMs: wanted.ms[0], inactiveMs: wanted.ms[1], timeoutMs: wanted.ms[2] });
  const open = wanted.ms[0]! + wanted.ms[1]! + wanted.ms[2]!;
  expect(answer.average).toBeCloseTo(open / (answer.until - from), 6);
  expect(spans.some((span) => span.open)).toBe(true);
});

test('open state whose records have come already is not counted twice', async () => {
  const from = Date.UTC(2026, 9, 26);
  const query = { from: iso(from), to: iso(from + 24 * HOUR) };
  const before = await report(query);
  const stale = spans.find((span) => !span.open && span.started > from)!;
  await api.database.pool.query(
    `insert into open_document select agent_id, document_id, session_id, account_id, application_id, state, cause, flags, started
     from segment where document_id = $1 and started = $2`,
    [stale.document, new Date(stale.started)],
  );
  expect((await report(query)).times).toEqual(before.times);
  await api.database.pool.query('delete from open_document where document_id = $1', [stale.document]);
});

test('CSV gives every point with instants of the zone', async () => {
  const query = new URLSearchParams({
    from: '2026-10-24T22:00:00Z',
    to: '2026-10-25T23:00:00Z',
    tz: 'Europe/Berlin',
    step: 'hour',
  });
  const answer = await api.call('GET', `reports/concurrent-use.csv?${query.toString()}`);
  const lines = answer.text.trimEnd().split('\r\n');
  expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(lines).toHaveLength(26);
  expect(lines[3]).toMatch(/^2026-10-25T02:00:00\.000\+02:00,Draw,hour,/);
  expect(lines[4]).toMatch(/^2026-10-25T02:00:00\.000\+01:00,Draw,hour,/);
});

test('ranges, zones, steps and applications that make no sense are refused', async () => {
  const from = '2026-10-01T00:00:00Z';
  const bad: [Record<string, string>, number][] = [
    [{}, 400],
    [{ from, to: from }, 400],
    [{ from: 'yesterday', to: from }, 400],
    [{ from, to: '2026-10-02T00:00:00' }, 400],
    [{ from, to: '2028-10-02T00:00:00Z' }, 400],
    [{ from, to: '2026-10-20T00:00:00Z', step: 'minute' }, 400],
    [{ from, to: '2026-10-02T00:00:00Z', step: 'week' }, 400],
    [{ from, to: '2026-10-02T00:00:00Z', tz: 'Mars/Olympus' }, 400],
    [{ from, to: '2026-10-02T00:00:00Z', tz: '+05:30' }, 400],
    [{ from, to: '2026-10-02T00:00:00Z', app: 'nothing' }, 404],
  ];
  for (const [query, status] of bad) {
    const text = new URLSearchParams(query).toString();
    for (const path of ['reports/concurrent-use', 'reports/concurrent-use.csv']) {
      expect([text, (await api.call('GET', `${path}?${text}`)).status]).toEqual([text, status]);
    }
  }
});

test('another account sees nothing of it', async () => {
  const other = await api.otherAccount('other');
  const query = 'from=2026-10-25T00:00:00Z&to=2026-10-26T00:00:00Z';
  expect((await other('GET', `reports/concurrent-use?${query}`)).json).toMatchObject({
    application: null,
    applications: [],
    peak: { count: 0 },
    lanes: [],
  });
  expect((await other('GET', `reports/concurrent-use?${query}&app=draw`)).status).toBe(404);
});

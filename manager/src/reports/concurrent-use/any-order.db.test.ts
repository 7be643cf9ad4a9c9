import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { addAgent, recordUse, rollAll, type RecordedSpan } from '../../testing/recorded.ts';
import { testDatabase, type TestDatabase } from '../../testing/template-db.ts';
import { trueUse } from '../../testing/true-use.ts';
import { concurrentUse } from './report.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** A local day with the one before and after it: its midnights, as instants somebody looked up, not as computed here. */
const days: [zone: string, what: string, midnights: string[]][] = [
  [
    'UTC',
    'a plain day',
    ['2026-06-02T00:00Z', '2026-06-03T00:00Z', '2026-06-04T00:00Z', '2026-06-05T00:00Z'],
  ],
  [
    'Asia/Kolkata',
    'half an hour',
    ['2026-06-01T18:30Z', '2026-06-02T18:30Z', '2026-06-03T18:30Z', '2026-06-04T18:30Z'],
  ],
  [
    'Asia/Kathmandu',
    'three quarters',
    ['2026-06-01T18:15Z', '2026-06-02T18:15Z', '2026-06-03T18:15Z', '2026-06-04T18:15Z'],
  ],
  [
    'Australia/Lord_Howe',
    '24.5 hours',
    ['2026-04-03T13:00Z', '2026-04-04T13:00Z', '2026-04-05T13:30Z', '2026-04-06T13:30Z'],
  ],
  [
    'Australia/Lord_Howe',
    '23.5 hours',
    ['2026-10-02T13:30Z', '2026-10-03T13:30Z', '2026-10-04T13:00Z', '2026-10-05T13:00Z'],
  ],
  [
    'Europe/Berlin',
    '23 hours',
    ['2026-03-27T23:00Z', '2026-03-28T23:00Z', '2026-03-29T22:00Z', '2026-03-30T22:00Z'],
  ],
  [
    'Europe/Berlin',
    '25 hours',
    ['2026-10-23T22:00Z', '2026-10-24T22:00Z', '2026-10-25T23:00Z', '2026-10-26T23:00Z'],
  ],
  [
    'America/New_York',
    '23 hours',
    ['2026-03-07T05:00Z', '2026-03-08T05:00Z', '2026-03-09T04:00Z', '2026-03-10T04:00Z'],
  ],
  [
    'America/New_York',
    '25 hours',
    ['2026-10-31T04:00Z', '2026-11-01T04:00Z', '2026-11-02T05:00Z', '2026-11-03T05:00Z'],
  ],
];

let database: TestDatabase;
let account: number;
let agent: number;
let documents = 0;

beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
  const { rows } = await database.pool.query<{ id: number }>(
    `insert into account (slug, name, hash_key) values ('acme', 'Acme', 'k') returning id`,
  );
  account = rows[0]!.id;
  agent = await addAgent(database.pool, account, 'aaaaaaaaaaaa');
});
afterAll(() => database.drop());

async function newApplication(name: string): Promise<number> {
  const { rows } = await database.pool.query<{ id: number }>(
    `insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     values ($1, $2, 'Draw', '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1) returning id`,
    [account, name],
  );
  return rows[0]!.id;
}

/** Stretches of a few sessions around the midnights, and in which of several commits each of them comes. */
const stretchesBetween = (from: number, to: number): fc.Arbitrary<{ span: RecordedSpan; commit: number }[]> =>
  fc.array(
    fc
      .record({
        session: fc.integer({ min: 1, max: 8 }),
        started: fc.integer({ min: from - 2 * HOUR, max: to + HOUR }),
        length: fc.oneof(fc.integer({ min: 1, max: 3 * MINUTE }), fc.integer({ min: 1, max: 7 * HOUR })),
        state: fc.integer({ min: 1, max: 3 }),
        commit: fc.integer({ min: 0, max: 4 }),
      })
      .map(({ session, started, length, state, commit }) => ({
        commit,
        span: { session, document: 0, started, ended: started + length, state, open: false },
      })),
    { minLength: 5, maxLength: 25 },
  );

test.each(days)('records in any order give the true days in %s: %s', async (tz, _, midnights) => {
  const at = midnights.map((text) => Date.parse(text));
  const [from, to] = [at[0]!, at.at(-1)!];
  await fc.assert(
    fc.asyncProperty(stretchesBetween(from, to), fc.boolean(), async (made, rolledBetween) => {
      // Ids of their own for each run: one agent cannot have a session twice.
      documents += 100;
      const base = documents;
      const stretches = made.map(({ span, commit }, i) => ({
        commit,
        span: { ...span, session: base + span.session, document: base + 10 + i },
      }));
      const application = await newApplication(`draw-${base}`);
      for (const [, part] of Map.groupBy(stretches, ({ commit }) => commit)) {
        const spans = part.map(({ span }) => span);
        const sessions = new Set(spans.map(({ session }) => session));
        // The rows of a session come once; its stretches in as many commits as they like.
        await database.pool.query('delete from session where agent_id = $1 and id = any($2)', [
          agent,
          [...sessions],
        ]);
        await recordUse(database.pool, { account, application, agent, spans, asOf: to + 10 * HOUR });
        if (rolledBetween) await rollAll(database.pool);
      }
      const answer = await concurrentUse(database.pool, {
        account,
        app: `draw-${base}`,
        from,
        to,
        zone: tz,
        step: 'day',
        now: to + 10 * HOUR,
      });
      const spans = stretches.map(({ span }) => span);
      const found = answer.points.map((point) => [
        point.at,
        point.lengthMs,
        point.peak,
        point.activeMs,
        point.inactiveMs,
        point.timeoutMs,
      ]);
      const wanted = at.slice(0, -1).map((midnight, i) => {
        const end = at[i + 1]!;
        const { peak, ms } = trueUse(spans, midnight, end);
        return [midnight, end - midnight, peak, ...ms];
      });
      expect(found).toEqual(wanted);
    }),
    { numRuns: 8 },
  );
});

import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readSnapshot } from '../../db/index.ts';
import { quarterOf, type QuarterUse } from '../../rollup/index.ts';
import { addAgent, recordUse, rollAll, type RecordedSpan } from '../../testing/recorded.ts';
import { testDatabase, type TestDatabase } from '../../testing/template-db.ts';
import { trueUse } from '../../testing/true-use.ts';
import { readUse, readUseOfAccount } from '../../use/index.ts';
import { concurrentUse } from './report.ts';

const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FROM = Date.UTC(2026, 5, 1);
const TO = FROM + 4 * DAY;

let database: TestDatabase;
let agents = 0;
beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
});
afterAll(() => database.drop());

interface Place {
  account: number;
  agent: number;
  applications: number[];
}

/** An account with three applications and an agent. */
async function newPlace(): Promise<Place> {
  agents += 1;
  const { rows } = await database.pool.query<{ id: number; account_id: number }>(
    `with a as (insert into account (slug, name, hash_key) values ($1, 'Acme', 'k') returning id)
     insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
       busy_cpu_share, title_privacy, path_privacy, revision)
     select id, n, n, '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1 from a, unnest(array['a', 'b', 'c']) n
     returning id, account_id`,
    [`acme-${agents}`],
  );
  const account = rows[0]!.account_id;
  const agent = await addAgent(database.pool, account, agents.toString(16).padStart(12, '0'));
  return { account, agent, applications: rows.map(({ id }) => id) };
}

interface Made {
  application: number;
  commit: number;
  span: RecordedSpan;
}

const madeUse: fc.Arbitrary<Made[]> = fc
  .array(
    fc.record({
      application: fc.nat(2),
      commit: fc.nat(3),
      started: fc.integer({ min: FROM - 8 * HOUR, max: TO }),
      length: fc.oneof(
        fc.integer({ min: 1, max: 3 * MINUTE }),
        fc.integer({ min: 1, max: 7 * HOUR }),
        fc.constant(6 * HOUR),
      ),
      aligned: fc.boolean(),
      state: fc.integer({ min: 1, max: 3 }),
      open: fc.boolean(),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((all) =>
    all.map(({ application, commit, started, length, aligned, state, open }, i) => {
      // A peak that goes on over borders of quarters is one that begins at them.
      const from = aligned ? Math.floor(started / QUARTER) * QUARTER : started;
      const span = { session: i + 1, document: i + 1, started: from, ended: from + length, state };
      return { application, commit, span: { ...span, open: open && commit === 3 } };
    }),
  );

/** Commits in their order, each rolled up or not before the next one comes. */
async function record(place: Place, made: readonly Made[], rolled: readonly boolean[]): Promise<void> {
  for (const commit of [0, 1, 2, 3]) {
    for (const [i, application] of place.applications.entries()) {
      const spans = made
        .filter((one) => one.commit === commit && one.application === i)
        .map(({ span }) => span);
      // Of what is open is known what the agent told last.
      const asOf = TO + 8 * HOUR;
      for (const span of spans) if (span.open) span.ended = asOf;
      await recordUse(database.pool, {
        account: place.account,
        agent: place.agent,
        application,
        spans,
        asOf,
      });
    }
    if (rolled[commit] === true) await rollAll(database.pool);
  }
}

const rolls = fc.array(fc.boolean(), { minLength: 4, maxLength: 4 });
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

test('sums by day are those of the segments, whatever comes late and whenever it is rolled up', async () => {
  await fc.assert(
    fc.asyncProperty(madeUse, rolls, fc.nat(2), async (made, rolled, gone) => {
      const place = await newPlace();
      await record(place, made, rolled);
      // Rows may also go: what the server had closed is opened again.
      const taken = place.applications[gone]!;
      await database.pool.query(
        `with g as (delete from segment where agent_id = $1 and application_id = $2 and state = 3 returning started, ended)
         insert into dirty_log select $2, generate_series(floor(extract(epoch from started) / 900)::int,
           floor(extract(epoch from ended) / 900)::int) from g`,
        [place.agent, taken],
      );
      await rollAll(database.pool);
      const { rows } = await database.pool.query<{ application_id: number; day: string; used: number }>(
        `select application_id, day::text, used_ms::float8 as used from use_day
         where account_id = $1 and used_ms <> 0 order by 1, 2`,
        [place.account],
      );
      const wanted = place.applications.flatMap((application, i) => {
        const spans = made
          .filter((one) => one.application === i && !one.span.open && !(i === gone && one.span.state === 3))
          .map(({ span }) => span);
        return [-1, 0, 1, 2, 3, 4].flatMap((day) => {
          const at = FROM + day * DAY;
          const used = sum(trueUse(spans, at, at + DAY).ms);
          return used === 0
            ? []
            : [{ application_id: application, day: new Date(at).toISOString().slice(0, 10), used }];
        });
      });
      expect(rows).toEqual(wanted);
    }),
    { numRuns: 15 },
  );
});

test('the list of applications is in the order of their use of any range of quarters', async () => {
  const range = fc
    .tuple(fc.integer({ min: -8, max: 390 }), fc.integer({ min: 1, max: 400 }))
    .map(([first, length]) => ({ from: FROM + first * QUARTER, to: FROM + (first + length) * QUARTER }));
  await fc.assert(
    fc.asyncProperty(madeUse, fc.array(range, { minLength: 6, maxLength: 6 }), async (made, ranges) => {
      const place = await newPlace();
      const closed = made.map((one) => ({ ...one, span: { ...one.span, open: false } }));
      await record(place, closed, [true, false, false, true]);
      // A deleted one is there while it was used in the range.
      await database.pool.query('update application set deleted_at = now() where id = $1', [
        place.applications[1],
      ]);
      for (const { from, to } of ranges) {
        const { applications } = await concurrentUse(database.pool, asked(place, { from, to }, 'quarter'));
        const used = ['a', 'b', 'c'].map((slug, i) => {
          const spans = closed.filter(({ application }) => application === i).map(({ span }) => span);
          return { slug, ms: sum(trueUse(spans, from, to).ms) };
        });
        const wanted = used.filter(({ slug, ms }) => slug !== 'b' || ms > 0).toSorted((a, b) => b.ms - a.ms);
        expect(applications.map(({ slug }) => slug)).toEqual(wanted.map(({ slug }) => slug));
      }
    }),
    { numRuns: 15 },
  );
});

function asked(
  { account }: Place,
  range: { from: number; to: number },
  step: 'quarter' | 'hour' | 'day',
): Parameters<typeof concurrentUse>[1] {
  return { account, app: undefined, ...range, zone: 'Australia/Lord_Howe', step, now: TO + 7 * MINUTE };
}

test('the use of all applications, read at once, is that of each', async () => {
  const range = fc
    .tuple(fc.integer({ min: -8, max: 390 }), fc.integer({ min: 1, max: 400 }))
    .map(([first, length]) => ({
      first: quarterOf(FROM) + first,
      last: quarterOf(FROM) + first + length - 1,
    }));
  await fc.assert(
    fc.asyncProperty(madeUse, rolls, range, async (made, rolled, quarters) => {
      const place = await newPlace();
      await record(place, made, rolled);
      await database.pool.query(
        `update rollup_quarter set minute_ms = null where account_id = $1 and extract(minute from q) = 30`,
        [place.account],
      );
      const { account } = place;
      await readSnapshot(database.pool, async (client) => {
        const each = new Map<number, QuarterUse[]>();
        for (const application of place.applications) {
          const uses = await readUse(client, { account, application, ...quarters });
          if (uses.length > 0) each.set(application, uses);
        }
        const atOnce = await readUseOfAccount(client, { account, ...quarters });
        expect([...atOnce].toSorted(([a], [b]) => a - b)).toEqual([...each]);
      });
    }),
    { numRuns: 20 },
  );
});

test('hours and days that the database adds up say what their quarters say', async () => {
  const range = fc
    .tuple(fc.integer({ min: -8, max: 390 }), fc.integer({ min: 1, max: 400 }))
    .map(([first, length]) => ({ from: FROM + first * QUARTER, to: FROM + (first + length) * QUARTER }));
  await fc.assert(
    fc.asyncProperty(madeUse, rolls, range, async (made, rolled, of) => {
      const place = await newPlace();
      await record(place, made, rolled);
      // Some quarters are of an older version.
      await database.pool.query(
        `update rollup_quarter set minute_ms = null where account_id = $1 and extract(minute from q) = 30`,
        [place.account],
      );
      const {
        points: quarters,
        table: _,
        completeness: __,
        step: ___,
        ...same
      } = await concurrentUse(database.pool, asked(place, of, 'quarter'));
      for (const step of ['hour', 'day'] as const) {
        const answer = await concurrentUse(database.pool, asked(place, of, step));
        expect(answer).toMatchObject(same);
        expect(answer.table).toEqual(answer.points);
        for (const point of answer.points) {
          const inside = quarters.filter(({ at }) => at >= point.at && at < point.at + point.lengthMs);
          const peak = Math.max(...inside.map((quarter) => quarter.peak));
          const { active, inactive, timeout } = inside.find((quarter) => quarter.peak === peak)!;
          const times = (['activeMs', 'inactiveMs', 'timeoutMs', 'lengthMs'] as const).map((name) => [
            name,
            sum(inside.map((quarter) => quarter[name])),
          ]);
          expect(point).toEqual({
            at: point.at,
            peak,
            active,
            inactive,
            timeout,
            ...Object.fromEntries(times),
          });
        }
      }
    }),
    { numRuns: 20 },
  );
});

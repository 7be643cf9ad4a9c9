import { CAUSE } from '@process-meter/contract';
import fc from 'fast-check';
import type { Pool } from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { MIGRATIONS } from '../../migrations/index.ts';
import { midnights, type Slot } from '../calendar/index.ts';
import { migrate, migrateBy, readSnapshot } from '../db/index.ts';
import { rollOnce } from '../rollup/index.ts';
import { addAgent, recordCoverage, rollAll, type RecordedCoverage } from '../testing/recorded.ts';
import { emptyDatabase, testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { watchedByAgent } from '../testing/watched.ts';
import { coveredByAgent } from './agent-day-store.ts';
import { total } from './model.ts';
import { completenessByAgent } from './report.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Lord Howe sets its clocks half an hour forward in these days. */
const FROM = Date.UTC(2026, 9, 1);
const TO = FROM + 6 * DAY;
const NOW = TO + 5 * HOUR;
const ZONES = ['UTC', 'Asia/Kolkata', 'America/St_Johns', 'Australia/Lord_Howe'];
const AGENTS = 3;
const SUMS = '0011-coverage-agent-day';

let database: TestDatabase;
let accounts = 0;
beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
});
afterAll(() => database.drop());

interface Place {
  account: number;
  agents: number[];
}

async function newPlace(pool: Pool): Promise<Place> {
  accounts += 1;
  const { rows } = await pool.query<{ id: number }>(
    `insert into account (slug, name, hash_key) values ($1, 'Acme', 'k') returning id`,
    [`acme-${accounts}`],
  );
  const account = rows[0]!.id;
  const agents: number[] = [];
  for (let i = 0; i < AGENTS; i += 1)
    agents.push(await addAgent(pool, account, (accounts * AGENTS + i).toString(16).padStart(12, '0')));
  return { account, agents };
}

/** What one agent watched, piece after piece. */
const madeWatch = fc
  .array(
    fc.record({
      rest: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 * HOUR })),
      length: fc.oneof(fc.integer({ min: 1, max: 15 * MINUTE }), fc.constant(15 * MINUTE)),
      overMidnight: fc.nat(5).map((n) => n === 0),
      cause: fc.constantFrom(CAUSE.cut, CAUSE.cut, CAUSE.agentStopped, CAUSE.agentCrashed),
    }),
    { maxLength: 40 },
  )
  .map((all) => {
    let at = FROM - 3 * HOUR;
    return all.flatMap(({ rest, length, overMidnight, cause }) => {
      const midnight = Math.ceil((at + length) / DAY) * DAY;
      const from = overMidnight ? midnight - Math.floor(length / 2) : at + rest;
      at = from + length;
      return at < TO ? [{ from, to: at, cause }] : [];
    });
  });

interface Asked {
  zone: string;
  /** First and last local day, or instants after the first midnight, ms. */
  days: [number, number];
  instants: [number, number] | null;
}

const madeRange: fc.Arbitrary<Asked> = fc.record({
  zone: fc.constantFrom(...ZONES),
  days: fc.tuple(fc.nat(5), fc.nat(5)),
  instants: fc.option(fc.tuple(fc.nat(6 * DAY), fc.nat(6 * DAY)), { freq: 1 }),
});

async function rangeOf(pool: Pool, { zone, days, instants }: Asked): Promise<Slot> {
  const known = await readSnapshot(pool, (client) => midnights(client, { from: FROM, to: TO }, zone));
  const [first = 0, last = 0] = (instants ?? days).toSorted((a, b) => a - b);
  return instants === null
    ? { from: known[first]!, to: known[last + 1]! }
    : { from: known[0]! + first, to: known[0]! + last + 1 };
}

/** Covered time of each agent that has some, ms, for each range; counted piece by piece. */
function counted(pieces: readonly RecordedCoverage[], ranges: readonly Slot[]): Map<number, number>[] {
  const byAgent = [...Map.groupBy(pieces, ({ agent }) => agent)];
  return ranges.map(({ from, to }) => withTime(byAgent.map(([agent, own]) => [agent, total(own, from, to)])));
}

/** The same as the database tells it. */
function read(pool: Pool, account: number, ranges: readonly Slot[]): Promise<Map<number, number>[]> {
  return readSnapshot(pool, async (client) => {
    const told: Map<number, number>[] = [];
    for (const range of ranges) told.push(withTime([...(await coveredByAgent(client, account, range))]));
    return told;
  });
}

const withTime = (all: [number, number][]): Map<number, number> => new Map(all.filter(([, ms]) => ms !== 0));

test('completeness by agent is that of every single row, in any zone and however much is rolled up', async () => {
  const commit = fc.record({
    rows: fc.integer({ min: 1, max: 60 }),
    rolled: fc.constantFrom(0, 7, Infinity),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(madeWatch, { minLength: AGENTS, maxLength: AGENTS }),
      fc.array(commit, { minLength: 1, maxLength: 4 }),
      fc.array(madeRange, { minLength: 6, maxLength: 6 }),
      fc.array(fc.nat(HOUR), { maxLength: AGENTS }),
      async (watches, commits, asked, running) => {
        const { pool } = database;
        const { account, agents } = await newPlace(pool);
        const pieces = watches.flatMap((watch, i) => watch.map((piece) => ({ agent: agents[i]!, ...piece })));
        let written = 0;
        for (const [i, { rows, rolled }] of commits.entries()) {
          const end = i === commits.length - 1 ? pieces.length : written + rows;
          await recordCoverage(pool, account, pieces.slice(written, end));
          written = end;
          await roll(pool, rolled);
        }
        const open = running.map((ms, i) => ({ agent: agents[i]!, from: TO, to: TO + ms, cause: CAUSE.cut }));
        for (const { agent, from, to } of open)
          await pool.query('insert into open_snapshot values ($1, $2, 1, 1, $3, $4)', [
            agent,
            account,
            new Date(to),
            new Date(from),
          ]);
        for (const one of asked) {
          const range = await rangeOf(pool, one);
          expect(await read(pool, account, [range])).toEqual(counted([...pieces, ...open], [range]));
          const of = { account, zone: one.zone, range, now: NOW };
          await readSnapshot(pool, async (client) => {
            const { agents: told } = await completenessByAgent(client, of);
            const wanted = await watchedByAgent(client, account, range, NOW);
            for (const [i, { share, ...rest }] of wanted.entries()) {
              expect(told[i]).toMatchObject(rest);
              expect(told[i]?.share?.toFixed(9)).toEqual(share?.toFixed(9));
            }
          });
        }
      },
    ),
    { numRuns: 25 },
  );
});

/** @param limit rows; 0 takes none */
async function roll(pool: Pool, limit: number): Promise<void> {
  if (limit === 0) return;
  if (limit === Infinity) return rollAll(pool);
  const client = await pool.connect();
  await rollOnce(client, limit).finally(() => client.release());
}

test('a piece over several days, which no agent of ours sends, counts in each of them', async () => {
  const { account, agents } = await newPlace(database.pool);
  const piece = { agent: agents[0]!, from: FROM + DAY - 1, to: FROM + 3 * DAY + 1, cause: CAUSE.cut };
  const days = Array.from({ length: 5 }, (_, i) => ({ from: FROM + i * DAY, to: FROM + (i + 1) * DAY }));
  await recordCoverage(database.pool, account, [piece]);
  expect(await read(database.pool, account, days)).toEqual(counted([piece], days));
  await rollAll(database.pool);
  expect(await read(database.pool, account, days)).toEqual(counted([piece], days));
  const { rows } = await database.pool.query(
    `select day::text, covered_ms::float8 as ms from coverage_agent_day where account_id = $1 order by day`,
    [account],
  );
  expect(rows).toEqual([
    { day: '2026-10-01', ms: 1 },
    { day: '2026-10-02', ms: DAY },
    { day: '2026-10-03', ms: DAY },
    { day: '2026-10-04', ms: 1 },
  ]);
});

/** A database of the version before the sums. */
async function older(): Promise<TestDatabase> {
  const made = await emptyDatabase(inject('postgresUrl'));
  const names = Object.keys(MIGRATIONS);
  await migrateBy(made.db, names.slice(0, names.indexOf(SUMS)));
  return made;
}

/** Five days, a piece every hour; two are alike, and one is of no time. */
function everyHour(agents: readonly number[]): RecordedCoverage[] {
  const hours = Array.from({ length: 120 }, (_, i) => FROM + i * HOUR);
  const all = agents.flatMap((agent) =>
    hours.map((from) => ({ agent, from: from - 4 * MINUTE, to: from + MINUTE, cause: CAUSE.cut })),
  );
  return [all[0]!, { ...all[1]!, to: all[1]!.from }, ...all];
}

const WHOLE = [
  { from: FROM, to: TO },
  { from: FROM + 7 * HOUR, to: TO - 90 * MINUTE },
  { from: FROM + DAY, to: FROM + 2 * DAY },
];

test.each([
  ['nothing', 0],
  ['a part', 100],
  ['everything', Infinity],
] as const)('the sums of what an older version left, with %s rolled up, are exact', async (_left, limit) => {
  const made = await older();
  try {
    const { account, agents } = await newPlace(made.pool);
    const pieces = everyHour(agents);
    await recordCoverage(made.pool, account, pieces);
    await roll(made.pool, limit);
    await migrate(made.db);
    expect(await read(made.pool, account, WHOLE)).toEqual(counted(pieces, WHOLE));
    await rollAll(made.pool);
    expect(await read(made.pool, account, WHOLE)).toEqual(counted(pieces, WHOLE));
  } finally {
    await made.drop();
  }
});

test('what is rolled up and written while the sums are made is in them once', async () => {
  const made = await older();
  try {
    const { account, agents } = await newPlace(made.pool);
    const pieces = everyHour(agents);
    await recordCoverage(made.pool, account, pieces.slice(0, 200));
    const roller = await made.pool.connect();
    await roller.query('begin');
    await roller.query(
      'delete from coverage_log where ctid = any(array(select ctid from coverage_log limit 120))',
    );
    const migrating = migrate(made.db);
    const waits = `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'
      and query like '%create trigger%'`;
    await expect.poll(async () => (await made.pool.query(waits)).rowCount, { interval: 5 }).toBe(1);
    const writing = recordCoverage(made.pool, account, pieces.slice(200));
    await roller.query('commit');
    roller.release();
    await Promise.all([migrating, writing]);
    expect(await read(made.pool, account, WHOLE)).toEqual(counted(pieces, WHOLE));
    await rollAll(made.pool);
    expect(await read(made.pool, account, WHOLE)).toEqual(counted(pieces, WHOLE));
  } finally {
    await made.drop();
  }
});

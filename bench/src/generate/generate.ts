import type { Pool, PoolClient } from 'pg';
import { createPartitions } from '../../../manager/src/ingest/partition-store.ts';
import { rollOnce } from '../../../manager/src/rollup/index.ts';
import { BEGINNING, keepTimes, type Place } from '../../../manager/src/session-times/index.ts';
import { DayRows, type Counts } from './day-rows.ts';
import { copyInto, withoutIndexes } from './load.ts';
import { addApplications, addPeople, drawBy, type MadeApplication, type Person } from './people.ts';
import { seededRandom, type Random } from './random.ts';
import type { DataSize } from './size.ts';
import { workingDay } from './working-day.ts';

export interface MadeData extends Counts {
  account: number;
  applications: MadeApplication[];
  users: number;
  /** Midnights UTC. */
  from: number;
  to: number;
  /** Quarters of applications that were rolled up. */
  quarters: number;
  seconds: { load: number; index: number; rollup: number };
}

const DAY = 86_400_000;
const SEED = 20_260_901;
const PRESENT_ON_WORKDAY = 0.9;
const PRESENT_ON_WEEKEND = 0.05;
const LOG_ROWS_PER_ROUND = 20_000;
const SESSIONS_PER_ROUND = 200;
/** The earliest working day of a date begins so long before its midnight UTC. */
const EARLIEST = 6 * 3_600_000;

/**
 * Fills an empty, migrated database with made data of the days up to the last midnight UTC, and rolls it up with the
 * product's own roller. The same size gives the same data, but for the calendar.
 */
export async function generate(pool: Pool, size: DataSize, now: number): Promise<MadeData> {
  const to = Math.floor(now / DAY) * DAY;
  const from = to - size.days * DAY;
  const random = seededRandom(SEED);
  const account = await accountOf(pool);
  const applications = await addApplications(pool, account, size.applications);
  const people = await addPeople(pool, account, size, random);
  await createPartitions(pool)(from - DAY, to, now);
  const began = performance.now();
  const buildIndexes = await withoutIndexes(pool);
  const rows = new DayRows(account, applications, random);
  await withClient(pool, (client) => load(client, { rows, people, random, applications, from, to }));
  await seen(pool, people);
  const loaded = performance.now();
  await buildIndexes();
  await pool.query('vacuum analyze');
  const indexed = performance.now();
  const quarters = await rollUp(pool, rows, applications);
  const rolled = performance.now();
  await withClient(pool, keepAll);
  await pool.query('vacuum analyze session');
  return {
    ...rows.counts,
    account,
    applications,
    users: people.length,
    from,
    to,
    quarters,
    seconds: {
      load: (loaded - began) / 1000,
      index: (indexed - loaded) / 1000,
      rollup: (rolled - indexed) / 1000,
    },
  };
}

interface Load {
  rows: DayRows;
  people: readonly Person[];
  random: Random;
  applications: readonly MadeApplication[];
  from: number;
  to: number;
}

async function load(client: PoolClient, made: Load): Promise<void> {
  const pickApplication = drawBy(made.applications, made.random);
  let writing: Promise<void> = Promise.resolve();
  for (let midnight = made.from; midnight < made.to; midnight += DAY) {
    const weekday = new Date(midnight).getUTCDay();
    const present = weekday === 0 || weekday === 6 ? PRESENT_ON_WEEKEND : PRESENT_ON_WORKDAY;
    for (const person of made.people) {
      if (made.random.unit() >= present) continue;
      const workBegins = midnight + person.workBegins;
      made.rows.add(person, workingDay({ random: made.random, workBegins, end: made.to, pickApplication }));
    }
    await writing;
    writing = writeRows(client, made.rows, midnight + DAY < made.to ? midnight + DAY - EARLIEST : Infinity);
    // Named before it is awaited, so that its failure is not unheard in between.
    writing.catch(() => undefined);
  }
  await writing;
}

async function writeRows(client: PoolClient, rows: DayRows, segmentsBefore: number): Promise<void> {
  const [sessions, documents, coverage] = [rows.sessions.take(), rows.documents.take(), rows.coverage.take()];
  const segments = rows.takeSegments(segmentsBefore);
  await copyInto(client, 'session', [sessions]);
  await copyInto(client, 'document', [documents]);
  await copyInto(client, 'coverage', [coverage]);
  await copyInto(client, 'segment', segments);
}

async function seen(pool: Pool, people: readonly Person[]): Promise<void> {
  await pool.query(
    `insert into agent_range (agent_id, epoch, seen)
     select a, 1, int8multirange(int8range(1, n)) from unnest($1::int[], $2::int8[]) u(a, n)`,
    [people.map(({ agent }) => agent), people.map(({ seq }) => seq)],
  );
}

async function rollUp(pool: Pool, rows: DayRows, applications: readonly MadeApplication[]): Promise<number> {
  const keys = rows.touched.flatMap((quarters, i) =>
    [...quarters].toSorted((a, b) => a - b).map((q) => [applications[i]?.id ?? 0, q] as const),
  );
  await pool.query('insert into dirty_log select * from unnest($1::int[], $2::int[])', [
    keys.map(([application]) => application),
    keys.map(([, q]) => q),
  ]);
  await rollAll(pool);
  await pool.query('vacuum analyze rollup_quarter, dirty_log');
  return keys.length;
}

/** Rolls up whatever the dirty log names. */
export async function rollAll(pool: Pool): Promise<void> {
  await withClient(pool, async (client) => {
    while ((await rollOnce(client, LOG_ROWS_PER_ROUND)) > 0);
  });
}

/** Keeps the times of all ended sessions, as the keeper of an ingest process has done long before a report is asked. */
async function keepAll(client: PoolClient): Promise<void> {
  let after: Place | undefined = BEGINNING;
  while (after !== undefined) after = (await keepTimes(client, after, SESSIONS_PER_ROUND))?.last;
}

async function accountOf(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(`select id from account where slug = 'default'`);
  const [row] = rows;
  if (row === undefined) throw new Error('the Manager has not made its account yet');
  return row.id;
}

async function withClient<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    return await work(client);
  } finally {
    client.release();
  }
}

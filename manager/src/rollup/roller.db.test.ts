import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createLog } from '../log.ts';
import { testDatabase, type TestDatabase } from '../testing/template-db.ts';
import { decodeMinutes, QUARTER_MS, rollOnce, startRoller } from './index.ts';

let database: TestDatabase;
let app = 0;
const BASE = Date.UTC(2026, 5, 1, 8);
const MINUTE = 60_000;

beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
  const { rows } = await database.pool.query<{ id: number }>(`
    with a as (insert into account (slug, name, hash_key) values ('acme', 'Acme', 'k') returning id)
    insert into application (account_id, slug, name, rules, inactive_after_ms, timeout_after_ms, count_busy_as_active,
      busy_cpu_share, title_privacy, path_privacy, revision)
    select id, 'draw', 'Draw', '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1 from a returning id`);
  app = rows[0]!.id;
});
afterAll(() => database.drop());

/** What ingest does: rows and log in one transaction. Times in minutes from the base. */
async function record(
  session: number,
  from: number,
  to: number,
  use: { state: number; flags?: number },
): Promise<void> {
  const { state, flags = 0 } = use;
  const [started, ended] = [BASE + from * MINUTE, BASE + to * MINUTE];
  await database.pool.query(
    `with s as (insert into segment select $1, $1, $2, $3, 1, 1, 1, $4::int, 1, $5, 1, $6)
     insert into dirty_log select $4, generate_series($7::int, $8::int)`,
    [
      session,
      new Date(started),
      new Date(ended),
      app,
      state,
      flags,
      Math.floor(started / QUARTER_MS),
      Math.floor((ended - 1) / QUARTER_MS),
    ],
  );
}

async function roll(before: number | null = null): Promise<number> {
  const client = await database.pool.connect();
  try {
    return await rollOnce(client, 1000, before);
  } finally {
    client.release();
  }
}

async function quarter(index: number): Promise<Record<string, unknown> | undefined> {
  const { rows } = await database.pool.query<Record<string, unknown>>(
    'select * from rollup_quarter where application_id = $1 and q = $2',
    [app, new Date(BASE + index * QUARTER_MS)],
  );
  return rows[0];
}

test('dirty quarters are recomputed exactly, and the log is empty afterwards', async () => {
  await record(1, 0, 20, { state: 1, flags: 1 });
  await record(2, 5, 10, { state: 2, flags: 1 });
  expect(await roll()).toBe(2);
  expect(await quarter(0)).toMatchObject({
    ms_active: String(15 * MINUTE),
    ms_inactive: String(5 * MINUTE),
    ms_timeout: '0',
    peak_open: 2,
    peak_active: 1,
    peak_inactive: 1,
    sessions: 2,
    starts: 2,
    peak_at: new Date(BASE + 5 * MINUTE),
    peak_ms: 5 * MINUTE,
  });
  expect(await quarter(1)).toMatchObject({
    ms_active: String(5 * MINUTE),
    peak_open: 1,
    sessions: 1,
    starts: 0,
  });
  expect(await roll()).toBe(0);
});

test('late data changes the quarters it touches, and only those', async () => {
  const before = await quarter(1);
  await record(3, 6, 8, { state: 3, flags: 1 });
  expect(await roll()).toBe(1);
  const minutes = (await quarter(0))!.minutes as Buffer;
  expect(decodeMinutes(minutes).timeout.slice(5, 9)).toEqual([0, 1, 1, 0]);
  expect(await quarter(0)).toMatchObject({
    peak_open: 3,
    peak_at: new Date(BASE + 6 * MINUTE),
    peak_ms: 2 * MINUTE,
  });
  expect(await quarter(1)).toEqual(before);
});

test('a long segment that began hours before a dirty quarter is counted in it', async () => {
  await record(4, 100, 100 + 8 * 60, { state: 3, flags: 1 });
  await roll();
  await record(5, 100 + 7 * 60, 101 + 7 * 60, { state: 1, flags: 1 });
  await roll();
  const index = Math.floor((100 + 7 * 60) / 15);
  expect(await quarter(index)).toMatchObject({
    ms_timeout: String(15 * MINUTE),
    ms_active: String(MINUTE),
    peak_open: 2,
  });
});

test('a round of past quarters leaves the others, and their rows, to the next round of all', async () => {
  await record(9, 1000, 1001, { state: 1 });
  await record(10, 1020, 1021, { state: 1 });
  const first = BASE / QUARTER_MS + Math.floor(1020 / 15);
  expect(await roll(first)).toBe(1);
  expect(await quarter(Math.floor(1000 / 15))).toMatchObject({ ms_active: String(MINUTE) });
  expect(await quarter(Math.floor(1020 / 15))).toBeUndefined();
  expect(await roll(first)).toBe(0);
  expect(await roll()).toBe(1);
  expect(await quarter(Math.floor(1020 / 15))).toMatchObject({ ms_active: String(MINUTE) });
});

test('a round that fails leaves the log as it was', async () => {
  await record(6, 0, 1, { state: 1 });
  const client = await database.pool.connect();
  await client.query(
    'alter table rollup_quarter add constraint nothing_fits check (peak_open < 0) not valid',
  );
  await expect(rollOnce(client, 1000)).rejects.toThrow('nothing_fits');
  await client.query('alter table rollup_quarter drop constraint nothing_fits');
  client.release();
  expect(await roll()).toBe(1);
});

test('of two rollers one is elected, and the other takes over when it stops', async () => {
  const deps = () => ({
    pool: database.pool,
    log: createLog('test', 'silent'),
    metrics: new Registry(),
    everyMs: 20,
    busy: () => false,
  });
  const stops = [startRoller(deps()), startRoller(deps())];
  const drained = async (): Promise<void> => {
    await expect
      .poll(async () => (await database.pool.query('select 1 from dirty_log')).rowCount, { timeout: 5000 })
      .toBe(0);
  };
  await record(7, 0, 1, { state: 1 });
  await drained();
  await stops[0]!();
  await record(8, 0, 1, { state: 1 });
  await drained();
  await stops[1]!();
});

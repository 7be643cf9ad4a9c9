import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createLog } from '../log.ts';
import { TimesLab, type Desk } from '../testing/times-lab.ts';
import { startTimesKeeper } from './index.ts';

let lab: TimesLab;
beforeAll(async () => {
  lab = await TimesLab.open(inject('postgresUrl'));
});
afterAll(() => lab.database.drop());

const plain = { minutes: 10, document: 0, act: 1, hold: false, send: 'records and snapshot' } as const;

async function endedDesk(): Promise<Desk> {
  const of = await lab.desk();
  const send = lab.byIngest(of);
  await send(of.desktop.take(plain));
  await send(of.desktop.take({ ...plain, act: 'close' }));
  return of;
}

async function counted(metrics: Registry): Promise<number> {
  const metric = await metrics.getSingleMetric('process_meter_session_times_kept_total')!.get();
  return metric.values[0]?.value ?? 0;
}

function start(options: { settleMs?: number; busy?: () => boolean } = {}): {
  metrics: Registry;
  stop: () => Promise<void>;
} {
  const metrics = new Registry();
  const stop = startTimesKeeper({
    pool: lab.database.pool,
    log: createLog('test', 'silent'),
    metrics,
    everyMs: 20,
    settleMs: 0,
    busy: () => false,
    ...options,
  });
  return { metrics, stop };
}

const isKept = async (of: Desk): Promise<boolean> => (await lab.keptOf(of))[0]?.times[0] === 600_000;

test('of two keepers each session is computed by one, and one goes on when the other stops', async () => {
  const first = await Promise.all(Array.from({ length: 4 }, endedDesk));
  const keepers = [start(), start()];
  const all = async (desks: readonly Desk[]): Promise<void> => {
    await expect
      .poll(async () => (await Promise.all(desks.map(isKept))).every(Boolean), { timeout: 10_000 })
      .toBe(true);
  };
  await all(first);
  expect((await counted(keepers[0]!.metrics)) + (await counted(keepers[1]!.metrics))).toBe(first.length);
  await keepers[0]!.stop();
  await all([await endedDesk()]);
  await keepers[1]!.stop();
});

test('nothing is kept while ingest has a backlog, nor soon after the start', async () => {
  const of = await endedDesk();
  let backlog = true;
  let looks = 0;
  const busy = (): boolean => {
    looks += 1;
    return backlog;
  };
  const [held, settling] = [start({ busy }), start({ settleMs: 60_000 })];
  await expect.poll(() => looks, { timeout: 10_000 }).toBeGreaterThan(5);
  expect(await isKept(of)).toBe(false);
  backlog = false;
  await expect.poll(() => isKept(of), { timeout: 10_000 }).toBe(true);
  expect(await counted(settling.metrics)).toBe(0);
  await Promise.all([held.stop(), settling.stop()]);
});

test('a keeper outlives a database that is away for a moment', async () => {
  const keeper = start();
  await lab.database.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
  );
  const of = await endedDesk();
  await expect.poll(() => isKept(of), { timeout: 10_000 }).toBe(true);
  await keeper.stop();
});

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Pool, PoolClient } from 'pg';
import type { Log } from '../log.ts';
import { foldCoverage } from './coverage-store.ts';
import { afterRound, firstLeft, READY, scopeAt } from './pace.ts';
import { runsOf } from './runs.ts';
import {
  accountsOf,
  dirtyCount,
  electRoller,
  fetchUse,
  hasDirty,
  replaceQuarters,
  takeDirty,
} from './store.ts';
import { sweepQuarters } from './sweep.ts';

export interface RollerDeps {
  pool: Pool;
  log: Log;
  metrics: Registry;
  /** Ms between two looks at the dirty log. */
  everyMs: number;
  /** True while ingest has a backlog: rolling then would compute the same quarters again and again. */
  busy: () => boolean;
}

/** A backlog holds the roller back for at most this long. */
const PATIENCE_MS = 60_000;
const LOG_ROWS_PER_ROUND = 20_000;
/**
 * The only writer of the roll-up. One of all ingest processes is elected by an advisory lock; the others stand by.
 * @returns a function that stops it and waits for the round in hand
 */
export function startRoller(deps: RollerDeps): () => Promise<void> {
  const meters = rollerMeters(deps.metrics, deps.pool);
  const stopping = new AbortController();
  const over = (async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await rollWhileElected(deps, meters, stopping.signal);
      } catch (error) {
        deps.log.warn({ err: error }, 'the roll-up waits for the database');
      }
      await pause(deps.everyMs, stopping.signal);
    }
  })();
  return async () => {
    stopping.abort();
    await over;
  };
}

async function rollWhileElected(deps: RollerDeps, meters: Meters, signal: AbortSignal): Promise<void> {
  const client = await deps.pool.connect();
  let broken = true;
  try {
    if (!(await electRoller(client))) {
      broken = false;
      return;
    }
    let pace = READY;
    let rolledAt = performance.now();
    while (!signal.aborted) {
      const began = performance.now();
      const scope = scopeAt(pace, began);
      if (scope !== null && (!deps.busy() || began - rolledAt > PATIENCE_MS)) {
        await drain(client, { meters, signal, before: firstLeft(scope, Date.now()) });
        rolledAt = performance.now();
        pace = afterRound(pace, scope, { began, ended: rolledAt, leastMs: deps.everyMs });
      }
      await pause(deps.everyMs, signal);
    }
  } finally {
    // An elected connection is closed, not reused: closing it gives the lock to the next process.
    client.release(broken);
  }
}

/** Rolls what is in the log; what comes meanwhile is for the next look, or this one would never end. */
async function drain(
  client: PoolClient,
  { meters, signal, before }: { meters: Meters; signal: AbortSignal; before: number | null },
): Promise<void> {
  do {
    const end = meters.seconds.startTimer();
    const keys = await rollOnce(client, LOG_ROWS_PER_ROUND, before);
    if (keys > 0) end();
    meters.quarters.inc(keys);
  } while (!signal.aborted && (await hasDirty(client, LOG_ROWS_PER_ROUND, before)));
}

/**
 * One round: takes dirty keys, recomputes them and writes them, in one transaction. A crash leaves the log as it was.
 * READ COMMITTED is needed: what is read must include what was committed before the log rows were taken.
 * @param before only quarters before this one, and no coverage; null: all
 * @returns number of keys recomputed and of rows of coverage taken in
 */
export async function rollOnce(
  client: PoolClient,
  limit: number,
  before: number | null = null,
): Promise<number> {
  await client.query('begin isolation level read committed');
  try {
    const keys = await takeDirty(client, limit, before);
    const runs = runsOf(keys, await accountsOf(client, [...new Set(keys.map((key) => key.application))]));
    const buffers = runs.length === 0 ? [] : await fetchUse(client, runs);
    const rolled = runs.flatMap((run, i) => {
      const buffer = buffers[i];
      return buffer === undefined ? [] : [{ run, uses: sweepQuarters(buffer, run.first, run.last) }];
    });
    await replaceQuarters(client, rolled);
    const covered = before === null ? await foldCoverage(client, limit) : 0;
    await client.query('commit');
    return keys.length + covered;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

interface Meters {
  quarters: Counter;
  seconds: Histogram;
}

function rollerMeters(registry: Registry, pool: Pool): Meters {
  const registers = [registry];
  new Gauge({
    name: 'process_meter_dirty_log_rows',
    help: 'Rows of the dirty log that wait for the roll-up',
    registers,
    async collect() {
      this.set(await dirtyCount(pool).catch(() => Number.NaN));
    },
  });
  return {
    quarters: new Counter({
      name: 'process_meter_rollup_quarters_total',
      help: 'Quarters recomputed',
      registers,
    }),
    seconds: new Histogram({
      name: 'process_meter_rollup_round_seconds',
      help: 'Time of a round',
      registers,
    }),
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

import { setTimeout as pause } from 'node:timers/promises';
import { Counter, type Registry } from 'prom-client';
import type { Pool } from 'pg';
import type { Log } from '../log.ts';
import { BEGINNING, isDue, keepTimes, type Place } from './store.ts';

export interface TimesKeeperDeps {
  pool: Pool;
  log: Log;
  metrics: Registry;
  /** Ms between two looks for ended sessions without times. */
  everyMs: number;
  /** Ms after the start before the first look. */
  settleMs: number;
  /** True while ingest has a backlog: its flushes would wait for the rounds. */
  busy: () => boolean;
}

/** A backlog holds the keeper back for at most this long. */
const PATIENCE_MS = 60_000;
/** Ingest waits for a round: so many sessions take some tens of ms. */
const SESSIONS_PER_ROUND = 200;
const LOCK_TIMEOUT = '55P03';

/**
 * Computes the times of ended sessions in the background. Every ingest process runs one; they take turns.
 * @returns a function that stops it and waits for the round in hand
 */
export function startTimesKeeper(deps: TimesKeeperDeps): () => Promise<void> {
  const stopping = new AbortController();
  const kept = new Counter({
    name: 'process_meter_session_times_kept_total',
    help: 'Ended sessions whose times were computed',
    registers: [deps.metrics],
  });
  const over = run(deps, kept, stopping.signal);
  return async () => {
    stopping.abort();
    await over;
  };
}

async function run(deps: TimesKeeperDeps, kept: Counter, signal: AbortSignal): Promise<void> {
  await rest(deps.settleMs, signal);
  let keptAt = Date.now();
  while (!signal.aborted) {
    if (!deps.busy() || Date.now() - keptAt > PATIENCE_MS) {
      await keepDue(deps, kept, signal);
      keptAt = Date.now();
    }
    await rest(deps.everyMs, signal);
  }
}

async function keepDue({ pool, log }: TimesKeeperDeps, kept: Counter, signal: AbortSignal): Promise<void> {
  try {
    let after: Place | undefined = BEGINNING;
    while (after !== undefined && !signal.aborted && (await isDue(pool, after))) {
      const began = Date.now();
      const round = await keepRound(pool, after);
      kept.inc(round?.kept ?? 0);
      after = round?.last;
      // Ingest gets at least as much time as the round took from it.
      await rest(Date.now() - began, signal);
    }
  } catch (error) {
    if (isLockTimeout(error)) log.debug('flushes take long; times of sessions are computed later');
    else log.warn({ err: error }, 'times of sessions are computed later');
  }
}

async function keepRound(pool: Pool, after: Place): ReturnType<typeof keepTimes> {
  const client = await pool.connect();
  let broken = true;
  try {
    const round = await keepTimes(client, after, SESSIONS_PER_ROUND);
    broken = false;
    return round;
  } finally {
    client.release(broken);
  }
}

const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === LOCK_TIMEOUT;

const rest = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);

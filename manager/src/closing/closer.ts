import { setTimeout as pause } from 'node:timers/promises';
import { Counter, type Registry } from 'prom-client';
import type { Pool } from 'pg';
import type { Log } from '../log.ts';
import { closeSilentAgents, silentAgents, type Silence } from './store.ts';

export interface CloserDeps {
  pool: Pool;
  log: Log;
  metrics: Registry;
  now: () => number;
  /** Ms without news of an agent after which what it left open is closed. */
  silentAfterMs: number;
  everyMs: number;
  /** True when this process would hear agents: silence is then theirs, not its own. */
  hears: () => Promise<boolean>;
  /** Makes the partitions for segments that begin in a span. */
  partitions: (from: number, to: number, now: number) => Promise<void>;
}

/** After a time of its own deafness it waits for this long, so that agents can come back. */
const SETTLE_MS = 600_000;
/** What a revoked agent sent before may still be on the way for a moment. */
const REVOKED_FOR_MS = 300_000;
/** Ingest waits for a round: a few hundred agents take a fifth of a second. */
const AGENTS_PER_ROUND = 200;

/**
 * Looks for silent agents from time to time and closes what they left open (ADR 11). Every ingest process runs one: they
 * go one after the other, and the second finds nothing left to do.
 * @returns a function that stops it and waits for the round in hand
 */
export function startCloser(deps: CloserDeps): () => Promise<void> {
  const stopping = new AbortController();
  const closed = new Counter({
    name: 'process_meter_agents_closed_total',
    help: 'Agents that did not come back and whose open sessions were closed',
    registers: [deps.metrics],
  });
  const over = run(deps, closed, stopping.signal);
  return async () => {
    stopping.abort();
    await over;
  };
}

async function run(deps: CloserDeps, closed: Counter, signal: AbortSignal): Promise<void> {
  const settle = Math.min(SETTLE_MS, deps.silentAfterMs);
  let hearingSince = Infinity;
  while (!signal.aborted) {
    try {
      hearingSince = (await deps.hears()) ? Math.min(hearingSince, deps.now()) : Infinity;
      if (deps.now() - hearingSince >= settle) closed.inc(await closeAll(deps, signal));
    } catch (error) {
      deps.log.warn({ err: error }, 'silent agents are closed later');
    }
    await pause(deps.everyMs, undefined, { signal }).catch(() => undefined);
  }
}

async function closeAll(deps: CloserDeps, signal: AbortSignal): Promise<number> {
  let all = 0;
  for (let found = -1; found !== 0 && !signal.aborted;) {
    const round = await closeRound(deps);
    found = round.found;
    all += round.closed;
  }
  if (all > 0) deps.log.info({ agents: all }, 'closed what silent agents left open');
  return all;
}

async function closeRound({
  pool,
  now,
  silentAfterMs,
  partitions,
}: Pick<CloserDeps, 'pool' | 'now' | 'silentAfterMs' | 'partitions'>): Promise<{
  found: number;
  closed: number;
}> {
  const silence: Silence = {
    heardBefore: new Date(now() - silentAfterMs),
    revokedBefore: new Date(now() - REVOKED_FOR_MS),
  };
  // Without the gate first: most rounds find nobody, and must not hold ingest up.
  const found = await silentAgents(pool, silence, AGENTS_PER_ROUND);
  if (found.agents.length === 0) return { found: 0, closed: 0 };
  if (found.from <= found.to) await partitions(found.from, found.to, now());
  const client = await pool.connect();
  let broken = true;
  try {
    const closed = await closeSilentAgents(client, silence, found.agents);
    broken = false;
    return { found: found.agents.length, closed };
  } finally {
    client.release(broken);
  }
}

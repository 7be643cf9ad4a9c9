import { restAfter } from '../rest.ts';
import { quarterOf } from './quarter.ts';

/**
 * What a round rolls: all quarters, or only past ones. The running quarter gets new rows all the time and is computed anew
 * in each round, so a large site must not roll it as often as a small one; a past one is done once its late rows are.
 */
export type Scope = 'all' | 'past';

/** From when (ms, monotonic) the next round of each scope may begin. */
export type Pace = Readonly<Record<Scope, number>>;

/**
 * Rounds take at most this share of the time; what is not rolled yet is computed by the reports. A round keeps one
 * connection busy, so past quarters, which are done with it, may have most of its time.
 */
const ALL_SHARE = 0.1;
const PAST_SHARE = 0.8;
const REST_MOST_MS = 60_000;
/** Rows of the quarter before the running one still come in: batches wait, and clocks differ. */
const STILL_RUNNING = 2;

/** Everything may be rolled at once. */
export const READY: Pace = { all: 0, past: 0 };

/** What may be rolled now (ms, monotonic); null while both rest. */
export function scopeAt(pace: Pace, now: number): Scope | null {
  if (now >= pace.all) return 'all';
  return now >= pace.past ? 'past' : null;
}

/** The pace after a round that took from `began` to `ended` (ms, monotonic); a rest is never shorter than `leastMs`. */
export function afterRound(
  pace: Pace,
  scope: Scope,
  { began, ended, leastMs }: { began: number; ended: number; leastMs: number },
): Pace {
  const rest = (share: number): number =>
    ended + restAfter(ended - began, { least: leastMs, most: REST_MOST_MS, share });
  return { all: scope === 'all' ? rest(ALL_SHARE) : pace.all, past: rest(PAST_SHARE) };
}

/** The first quarter that a round leaves alone at an instant (ms UTC); null: it leaves none. */
export const firstLeft = (scope: Scope, at: number): number | null =>
  scope === 'all' ? null : quarterOf(at) + 1 - STILL_RUNNING;

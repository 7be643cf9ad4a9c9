import { RUN_MAX_QUARTERS, type DirtyKey, type Run } from './store.ts';

/**
 * Joins neighbouring dirty quarters of one application into runs of at most 48 h.
 * Keys of applications without an account (deleted from the table by hand) are left out.
 */
export function runsOf(keys: readonly DirtyKey[], accounts: ReadonlyMap<number, number>): Run[] {
  const ordered = keys.toSorted((a, b) => a.application - b.application || a.quarter - b.quarter);
  const runs: Run[] = [];
  for (const { application, quarter } of ordered) {
    const account = accounts.get(application);
    const last = runs.at(-1);
    if (account === undefined) continue;
    const joins =
      last?.application === application &&
      quarter <= last.last + 1 &&
      quarter - last.first < RUN_MAX_QUARTERS;
    if (joins) last.last = quarter;
    else runs.push({ application, account, first: quarter, last: quarter });
  }
  return runs;
}

import type { Pool } from 'pg';
import { midnightBefore } from '../calendar/index.ts';
import { readSnapshot } from '../db/index.ts';
import { quarterOf, type QuarterUse } from '../rollup/index.ts';
import { readUseOfAccount } from '../use/index.ts';

/** Use of the local day so far, by application. */
export interface Today {
  from: number;
  to: number;
  uses: ReadonlyMap<number, QuarterUse[]>;
}

export interface TodayInput {
  account: number;
  zone: string;
  now: number;
}

/** Exact up to the last news of each agent, on one snapshot. */
export function readToday(pool: Pool, { account, zone, now }: TodayInput): Promise<Today> {
  return readSnapshot(pool, async (client) => {
    const from = await midnightBefore(client, now, 0, zone);
    const uses = await readUseOfAccount(client, { account, first: quarterOf(from), last: quarterOf(now) });
    return { from, to: now, uses };
  });
}

/** The largest number of sessions open at once today, by application. */
export function peaksOf(today: Today): Map<number, number> {
  return new Map(
    [...today.uses].map(([application, uses]) => [
      application,
      uses.reduce((peak, use) => Math.max(peak, use.peakOpen), 0),
    ]),
  );
}

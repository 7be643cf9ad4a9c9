import type { Pool } from 'pg';
import { midnightBefore } from '../calendar/index.ts';
import { readSnapshot } from '../db/index.ts';
import { quarterOf, type QuarterUse } from '../rollup/index.ts';
import { readUse } from '../use/index.ts';
import { applicationsUsedSince } from './today-store.ts';

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
    const uses = new Map<number, QuarterUse[]>();
    for (const application of await applicationsUsedSince(client, account, new Date(from))) {
      const quarters = { first: quarterOf(from), last: quarterOf(now) };
      uses.set(application, await readUse(client, { account, application, ...quarters }));
    }
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

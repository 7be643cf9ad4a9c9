import { AppError, type ApplicationRef, type ConcurrentUse, type Step } from '@process-meter/contract';
import type { Pool, PoolClient } from 'pg';
import {
  checkedRange,
  midnightBefore,
  midnights,
  slotsOf,
  stepFor,
  wholeQuarters,
  type Slot,
} from '../../calendar/index.ts';
import { readCompleteness } from '../../completeness/index.ts';
import { readSnapshot } from '../../db/index.ts';
import { MINUTE_MS, quarterOf } from '../../rollup/index.ts';
import { readUse } from '../../use/index.ts';
import {
  dailyPeaks,
  peakActiveOf,
  peakOf,
  pointsOf,
  timesOf,
  unpackMinutes,
  type UseQuarter,
} from './model.ts';
import { applicationsByUse, lanes, quarterPeaks } from './store.ts';

export interface ConcurrentUseInput {
  account: number;
  /** Slug; the most used application when absent. */
  app: string | undefined;
  from: number;
  to: number;
  zone: string;
  step: Step | undefined;
  now: number;
}

const DAY_MS = 86_400_000;
const MAX_DAYS = 400;
const MAX_MINUTE_RANGE_MS = 8 * DAY_MS;
const LANES_UP_TO_MS = 2 * 3_600_000;
const DAILY_STRIP_DAYS = 89;

/**
 * Concurrent Use of one application (product.md §7).
 * @throws AppError PM-4000 for a range that is empty or too long, PM-4004 for an unknown application
 */
export async function concurrentUse(pool: Pool, input: ConcurrentUseInput): Promise<ConcurrentUse> {
  const range = wholeQuarters(checkedRange(input, MAX_DAYS));
  const step = input.step ?? stepFor(range);
  if (step === 'minute' && range.to - range.from > MAX_MINUTE_RANGE_MS) {
    throw new AppError('invalidInput', 'Minutes are available for up to 8 days.');
  }
  return readSnapshot(pool, async (client) => {
    const applications = await applicationsByUse(client, input.account, range);
    const application = chosen(applications, input.app);
    const until = Math.min(range.to, Math.max(range.from, Math.ceil(input.now / MINUTE_MS) * MINUTE_MS));
    const days = await midnights(client, range, input.zone);
    const known = { from: range.from, to: until };
    const tableStep = input.step ?? (step === 'minute' ? 'hour' : step);
    const tableSlots = slotsOf(known, tableStep, days);
    const uses = application === null ? [] : await usesOf(client, input.account, application, range);
    const completeness = await readCompleteness(client, input.account, tableSlots, input.now);
    const times = timesOf(uses);
    return {
      application,
      applications,
      ...range,
      zone: input.zone,
      step,
      points: pointsOf(slotsOf(known, step, days), uses),
      peak: peakOf(uses),
      peakActive: peakActiveOf(uses),
      average: averageOf(times, known),
      times,
      table: pointsOf(tableSlots, uses),
      completeness,
      daily: application === null ? [] : await daily(client, { ...input, application, range }, uses),
      lanes: await lanesOf(client, { account: input.account, application }, range),
      until,
    };
  });
}

function chosen(applications: readonly ApplicationRef[], slug: string | undefined): ApplicationRef | null {
  if (slug === undefined) return applications[0] ?? null;
  const found = applications.find((application) => application.slug === slug);
  if (found === undefined) throw new AppError('notFound', 'There is no such application.');
  return found;
}

async function usesOf(
  client: PoolClient,
  account: number,
  application: ApplicationRef,
  range: Slot,
): Promise<UseQuarter[]> {
  const quarters = { first: quarterOf(range.from), last: quarterOf(range.to - 1) };
  const uses = await readUse(client, { account, application: application.id, ...quarters });
  return uses.map(unpackMinutes);
}

function averageOf(times: ConcurrentUse['times'], known: Slot): number {
  const length = known.to - known.from;
  return length <= 0 ? 0 : (times.activeMs + times.inactiveMs + times.timeoutMs) / length;
}

/** The strip of daily peaks: the roll-up, with the fresh quarters of the range in place of what it has of them. */
async function daily(
  client: PoolClient,
  input: ConcurrentUseInput & { application: ApplicationRef; range: Slot },
  uses: readonly UseQuarter[],
): Promise<ConcurrentUse['daily']> {
  const from = await midnightBefore(client, input.range.to - 1, DAILY_STRIP_DAYS, input.zone);
  const days = await midnights(client, { from, to: input.range.to }, input.zone);
  const strip = { from, to: days.at(-1) ?? input.range.to };
  const rolled = await quarterPeaks(
    client,
    { account: input.account, application: input.application.id },
    strip,
  );
  const inRange = (at: number): boolean => at >= input.range.from && at < input.range.to;
  const fresh = uses.map((use) => ({ at: use.from, peak: use.peakOpen }));
  const peaks = [...rolled.filter(({ at }) => !inRange(at)), ...fresh].toSorted((a, b) => a.at - b.at);
  return dailyPeaks(
    days,
    peaks.filter(({ at }) => at >= from),
  );
}

async function lanesOf(
  client: PoolClient,
  of: { account: number; application: ApplicationRef | null },
  range: Slot,
): Promise<ConcurrentUse['lanes']> {
  if (of.application === null || range.to - range.from > LANES_UP_TO_MS) return [];
  return lanes(client, { account: of.account, application: of.application }, range);
}

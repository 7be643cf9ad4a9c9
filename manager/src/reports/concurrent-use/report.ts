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
import { MINUTE_MS, QUARTER_MS, quarterOf, quarterStart } from '../../rollup/index.ts';
import { readUse, readUseBySlot, type UseRange } from '../../use/index.ts';
import { dailyPeaks, peakActiveOf, peakOf, pointsOf, pointsOfSums, timesOf } from './model.ts';
import { applicationsByUse, lanes, peaksOutside } from './store.ts';

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
    const slots = { points: slotsOf(known, step, days), table: tableSlots, days };
    const use = await useOf(client, { account: input.account, application, range }, step, slots);
    const completeness = await readCompleteness(client, input.account, tableSlots, input.now);
    const { peaks, ...figures } = use;
    return {
      application,
      applications,
      ...range,
      zone: input.zone,
      step,
      ...figures,
      average: averageOf(use.times, known),
      completeness,
      daily: application === null ? [] : await daily(client, { ...input, application, range }, peaks),
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

type Figures = Pick<ConcurrentUse, 'points' | 'peak' | 'peakActive' | 'times' | 'table'>;

/** What the report says of the use of its application. */
interface Use extends Figures {
  /** Peaks of the range in parts that lie inside one local day each. */
  peaks: Peaks;
}

interface Slots {
  points: readonly Slot[];
  table: readonly Slot[];
  /** Midnights. */
  days: readonly number[];
}

type Peaks = { at: number; peak: number }[];

interface Of {
  account: number;
  application: ApplicationRef | null;
  range: Slot;
}

/** Steps of whole hours and days are added up by the database; a quarter and what is shorter is read as it is. */
function useOf(
  client: PoolClient,
  { account, application, range }: Of,
  step: Step,
  slots: Slots,
): Promise<Use> {
  const quarters = { first: quarterOf(range.from), last: quarterOf(range.to - 1) };
  const of = application && { account, application: application.id, ...quarters };
  return step === 'hour' || step === 'day' ? longUse(client, of, slots) : shortUse(client, of, slots);
}

async function shortUse(client: PoolClient, of: UseRange | null, slots: Slots): Promise<Use> {
  const uses = of === null ? [] : await readUse(client, of);
  return {
    points: pointsOf(slots.points, uses),
    peak: peakOf(uses),
    peakActive: peakActiveOf(uses),
    times: timesOf(uses),
    table: pointsOf(slots.table, uses),
    peaks: uses.map((use) => ({ at: quarterStart(use.quarter), peak: use.peakOpen })),
  };
}

/** The points of these steps are the rows of the table. */
async function longUse(client: PoolClient, of: UseRange | null, slots: Slots): Promise<Use> {
  if (of === null) return shortUse(client, of, slots);
  const bounds = slots.points.map(({ from }) => quarterOf(from));
  // What agents with a wrong clock tell of the time after the last slot belongs to the range, and to no slot.
  const after = Math.ceil((slots.points.at(-1)?.to ?? quarterStart(of.first)) / QUARTER_MS);
  const daysAfter = slots.days.map(quarterOf).filter((quarter) => quarter > after);
  bounds.push(...[after, ...daysAfter].filter((quarter) => quarter <= of.last));
  const { slots: sums, plateau, mostActive } = await readUseBySlot(client, of, bounds);
  const points = pointsOfSums(slots.points, sums);
  return {
    points,
    peak: peakOf(plateau),
    peakActive: peakActiveOf(mostActive === undefined ? [] : [mostActive]),
    times: timesOf(sums),
    table: points,
    peaks: sums.map(({ peak }, i) => ({
      at: quarterStart(bounds[i] ?? of.first),
      peak: peak?.peakOpen ?? 0,
    })),
  };
}

function averageOf(times: ConcurrentUse['times'], known: Slot): number {
  const length = known.to - known.from;
  return length <= 0 ? 0 : (times.activeMs + times.inactiveMs + times.timeoutMs) / length;
}

/** The strip of daily peaks: the roll-up, with what is fresh of the range in place of what it has of it. */
async function daily(
  client: PoolClient,
  input: ConcurrentUseInput & { application: ApplicationRef; range: Slot },
  fresh: Peaks,
): Promise<ConcurrentUse['daily']> {
  const from = await midnightBefore(client, input.range.to - 1, DAILY_STRIP_DAYS, input.zone);
  const days = await midnights(client, { from, to: input.range.to }, input.zone);
  const of = { account: input.account, application: input.application.id };
  const rolled = await peaksOutside(client, of, days, input.range);
  const peaks = [...rolled, ...fresh].filter(({ at }) => at >= from).toSorted((a, b) => a.at - b.at);
  return dailyPeaks(days, peaks);
}

async function lanesOf(
  client: PoolClient,
  of: { account: number; application: ApplicationRef | null },
  range: Slot,
): Promise<ConcurrentUse['lanes']> {
  if (of.application === null || range.to - range.from > LANES_UP_TO_MS) return [];
  return lanes(client, { account: of.account, application: of.application }, range);
}

import type { PoolClient } from 'pg';
import {
  minuteCounts,
  MINUTES_PER_QUARTER,
  quarterOf,
  quarterStart,
  type QuarterUse,
} from '../rollup/index.ts';
import { instantsOf, readQuarters, readStale, readTouched, recompute, type UseRange } from './store.ts';

/** Sums of the quarters of a slot, and the first quarter with its largest peak. */
export interface SlotUse {
  msActive: number;
  msInactive: number;
  msTimeout: number;
  peak: QuarterUse | undefined;
}

export interface UseBySlot {
  /** One for each bound: up to the next one, the last up to the end of the range. */
  slots: SlotUse[];
  /** In order: the first quarter of the largest peak of all, and those right after it that go on at its height. */
  plateau: QuarterUse[];
  /** The first quarter with the minute in which most sessions were Active. */
  mostActive: QuarterUse | undefined;
}

/**
 * What `readUse` gives, added up in the database: of thousands of quarters only those with a peak are read whole.
 * To be called on one snapshot.
 * @param bounds quarter numbers at which slots begin, ascending; the first is the first of the range
 */
export async function readUseBySlot(
  client: PoolClient,
  range: UseRange,
  bounds: readonly number[],
): Promise<UseBySlot> {
  const touched = await readTouched(client, range);
  const rows = await rolledBySlot(client, range, bounds, touched.quarters);
  const stale = rows.some((row) => row.stale > 0) ? await readStale(client, range) : [];
  const fresh = await recompute(client, range, touched, stale);
  const sums = bounds.map(emptySum);
  for (const row of rows) addRow(sums[row.slot - 1], row);
  let slot = 0;
  for (const use of fresh) {
    while (use.quarter >= (bounds[slot + 1] ?? Infinity)) slot += 1;
    addUse(sums[slot], use);
  }
  const read = reader(client, range, fresh, new Set([...touched.quarters, ...stale]));
  const best = top(sums.map(({ peak }) => peak));
  const mostActive = top(sums.map(({ active }) => active));
  const whole = await read([...sums.map(({ peak }) => peak), mostActive].flatMap((at) => at?.quarter ?? []));
  const at = (found: Top | undefined): QuarterUse | undefined => found && whole.get(found.quarter);
  return {
    slots: sums.map(({ peak, msActive, msInactive, msTimeout }) => ({
      msActive,
      msInactive,
      msTimeout,
      peak: at(peak),
    })),
    plateau: await plateauFrom(at(best), range.last, read),
    mostActive: at(mostActive),
  };
}

type Reader = (quarters: readonly number[]) => Promise<Map<number, QuarterUse>>;

/** Reads quarters whole: the fresh ones in place of what the roll-up has of them. */
function reader(
  client: PoolClient,
  range: UseRange,
  fresh: readonly QuarterUse[],
  recomputed: ReadonlySet<number>,
): Reader {
  const known = new Map(fresh.map((use) => [use.quarter, use]));
  return async (quarters) => {
    const rolled = await readQuarters(
      client,
      range,
      quarters.filter((quarter) => !recomputed.has(quarter)),
    );
    const uses = [...rolled, ...quarters.flatMap((quarter) => known.get(quarter) ?? [])];
    return new Map(uses.map((use) => [use.quarter, use]));
  };
}

const PLATEAU_READ = 16;

/** A peak may last for days: it is followed in steps that double. */
async function plateauFrom(best: QuarterUse | undefined, last: number, read: Reader): Promise<QuarterUse[]> {
  if (best === undefined) return [];
  const found = [best];
  let end = best.peakAt + best.peakMs;
  const goesOn = (use: QuarterUse | undefined): use is QuarterUse =>
    use?.peakOpen === best.peakOpen && use.peakAt === end;
  for (let next = best.quarter + 1, count = PLATEAU_READ; next <= last; count *= 2) {
    if (end !== quarterStart(next)) break;
    const upTo = Math.min(next + count - 1, last);
    const uses = await read(Array.from({ length: upTo - next + 1 }, (_, i) => next + i));
    for (let use = uses.get(next); goesOn(use); use = uses.get(next)) {
      found.push(use);
      end += use.peakMs;
      next += 1;
    }
    if (next <= upTo) break;
  }
  return found;
}

/** A largest value and the first quarter that has it. */
interface Top {
  value: number;
  quarter: number;
}

interface Sum {
  msActive: number;
  msInactive: number;
  msTimeout: number;
  peak: Top | undefined;
  active: Top | undefined;
}

const emptySum = (): Sum => ({
  msActive: 0,
  msInactive: 0,
  msTimeout: 0,
  peak: undefined,
  active: undefined,
});

/** The largest of some, of equal ones the first in time; nothing when all are zero. */
function top(of: readonly (Top | undefined)[]): Top | undefined {
  return of.reduce((best, one) => {
    if (one === undefined || one.value === 0) return best;
    if (best === undefined || one.value > best.value) return one;
    return one.value === best.value && one.quarter < best.quarter ? one : best;
  }, undefined);
}

function addRow(sum: Sum | undefined, row: SlotRow): void {
  if (sum === undefined || row.peak === null || row.active === null) return;
  sum.msActive += row.ms_active;
  sum.msInactive += row.ms_inactive;
  sum.msTimeout += row.ms_timeout;
  sum.peak = top([sum.peak, unpackTop(row.peak)]);
  sum.active = top([sum.active, unpackTop(row.active)]);
}

function addUse(sum: Sum | undefined, use: QuarterUse): void {
  if (sum === undefined) return;
  const { quarter } = use;
  sum.msActive += use.msActive;
  sum.msInactive += use.msInactive;
  sum.msTimeout += use.msTimeout;
  sum.peak = top([sum.peak, { value: use.peakOpen, quarter }]);
  sum.active = top([sum.active, { value: topActiveOf(use), quarter }]);
}

/** See the column `top_active`. */
function topActiveOf({ minutes }: QuarterUse): number {
  let most = 0;
  for (let minute = 0; minute < MINUTES_PER_QUARTER; minute += 1)
    most = Math.max(most, minuteCounts(minutes, minute).active);
  return most;
}

const TWO_POW_32 = 2 ** 32;

/** A value and an instant in one number, so that one maximum tells both: the larger value, then the earlier instant. */
function unpackTop(packed: number): Top {
  const value = Math.ceil(packed / TWO_POW_32);
  return { value, quarter: quarterOf((value * TWO_POW_32 - packed) * 1000) };
}

interface SlotRow {
  slot: number;
  ms_active: number;
  ms_inactive: number;
  ms_timeout: number;
  peak: number | null;
  active: number | null;
  /** How many of an older version, which are not in the figures. */
  stale: number;
}

async function rolledBySlot(
  client: PoolClient,
  range: UseRange,
  bounds: readonly number[],
  without: ReadonlySet<number>,
): Promise<SlotRow[]> {
  const { rows } = await client.query<SlotRow>({
    name: 'use-by-slot',
    text: BY_SLOT,
    values: [
      range.account,
      range.application,
      ...instantsOf(range),
      bounds.map((quarter) => new Date(quarterStart(quarter))),
      [...without].map((quarter) => new Date(quarterStart(quarter))),
    ],
  });
  return rows;
}

const BY_SLOT = `
  select width_bucket(q, $5::timestamptz[]) as slot,
    coalesce(sum(ms_active::float8) filter (where known), 0) as ms_active,
    coalesce(sum(ms_inactive::float8) filter (where known), 0) as ms_inactive,
    coalesce(sum(ms_timeout::float8) filter (where known), 0) as ms_timeout,
    max(peak_open * ${TWO_POW_32}::float8 - date_part('epoch', q)) filter (where known) as peak,
    max(top_active * ${TWO_POW_32}::float8 - date_part('epoch', q)) filter (where known) as active,
    count(*) filter (where not known)::int as stale
  from (select q, ms_active, ms_inactive, ms_timeout, peak_open, top_active, minute_ms is not null as known
    from rollup_quarter where account_id = $1 and application_id = $2 and q >= $3 and q < $4 and q <> all($6::timestamptz[])) r
  group by 1`;

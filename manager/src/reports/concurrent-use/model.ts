import type { ConcurrentUse, UsePoint } from '@process-meter/contract';
import type { Slot } from '../../calendar/index.ts';
import {
  MINUTE_MS,
  minuteCounts,
  MINUTES_PER_QUARTER,
  minuteTimes,
  QUARTER_MS,
  quarterStart,
  type AtMinute,
  type QuarterUse,
} from '../../rollup/index.ts';
import type { SlotUse } from '../../use/index.ts';

type Peak = ConcurrentUse['peak'];

/**
 * The points of the slots. A minute shows its instances by most active state, and the exact times in it; a longer slot shows the states at its
 * peak minute and the sums of its quarters. Slots are whole minutes inside one quarter, or whole quarters.
 * The last slot may be cut by now; it is one of quarters still, unless a minute is left.
 * @param uses quarters in order; those without use are absent
 */
export function pointsOf(slots: readonly Slot[], uses: readonly QuarterUse[]): UsePoint[] {
  const byQuarter = new Map(uses.map((use) => [use.quarter, use]));
  return slots.map((slot) =>
    slot.to - slot.from <= MINUTE_MS ? minutePoint(slot, byQuarter) : quartersPoint(slot, byQuarter),
  );
}

function minutePoint(slot: Slot, byQuarter: ReadonlyMap<number, QuarterUse>): UsePoint {
  const use = byQuarter.get(Math.floor(slot.from / QUARTER_MS));
  if (use === undefined) return emptyPoint(slot);
  const states = minuteCounts(use.minutes, minuteOf(use, slot.from));
  const ms = minuteTimes(use.minuteMs, minuteOf(use, slot.from));
  const instances = states.active + states.inactive + states.timeout;
  return {
    at: slot.from,
    ...states,
    // More instances than were open at once can fall into one minute; the quarter's exact peak bounds them.
    peak: Math.min(instances, use.peakOpen),
    activeMs: ms.active,
    inactiveMs: ms.inactive,
    timeoutMs: ms.timeout,
    lengthMs: slot.to - slot.from,
  };
}

function quartersPoint(slot: Slot, byQuarter: ReadonlyMap<number, QuarterUse>): UsePoint {
  const point = emptyPoint(slot);
  for (let at = slot.from; at < slot.to; at += QUARTER_MS) {
    const use = byQuarter.get(Math.floor(at / QUARTER_MS));
    if (use === undefined) continue;
    point.activeMs += use.msActive;
    point.inactiveMs += use.msInactive;
    point.timeoutMs += use.msTimeout;
    if (use.peakOpen <= point.peak) continue;
    point.peak = use.peakOpen;
    Object.assign(point, statesAtPeak(use));
  }
  return point;
}

/** The points of slots of whole quarters from their sums: the same as those of {@link pointsOf}. */
export function pointsOfSums(slots: readonly Slot[], sums: readonly SlotUse[]): UsePoint[] {
  return slots.map((slot, i) => {
    const point = emptyPoint(slot);
    const sum = sums[i];
    if (sum?.peak === undefined) return point;
    return {
      ...point,
      ...statesAtPeak(sum.peak),
      peak: sum.peak.peakOpen,
      activeMs: sum.msActive,
      inactiveMs: sum.msInactive,
      timeoutMs: sum.msTimeout,
    };
  });
}

const statesAtPeak = (use: QuarterUse): AtMinute => minuteCounts(use.minutes, minuteOf(use, use.peakAt));

function minuteOf({ quarter }: QuarterUse, at: number): number {
  return Math.min(Math.floor((at - quarterStart(quarter)) / MINUTE_MS), MINUTES_PER_QUARTER - 1);
}

const emptyPoint = (slot: Slot): UsePoint => ({
  at: slot.from,
  active: 0,
  inactive: 0,
  timeout: 0,
  peak: 0,
  activeMs: 0,
  inactiveMs: 0,
  timeoutMs: 0,
  lengthMs: slot.to - slot.from,
});

/** The exact peak: first instant of the largest number open, and how long it lasted, over quarter borders. */
export function peakOf(uses: readonly QuarterUse[]): Peak {
  const best = uses.reduce<QuarterUse | undefined>(
    (top, use) => (top === undefined || use.peakOpen > top.peakOpen ? use : top),
    undefined,
  );
  if (best === undefined) return { count: 0, at: null, forMs: 0 };
  return { count: best.peakOpen, at: best.peakAt, forMs: lastsFor(best, uses) };
}

function lastsFor(best: QuarterUse, uses: readonly QuarterUse[]): number {
  let end = best.peakAt + best.peakMs;
  for (const use of uses) {
    const isNext = quarterStart(use.quarter) === end && use.peakAt === end;
    if (isNext && use.peakOpen === best.peakOpen) end += use.peakMs;
  }
  return end - best.peakAt;
}

/** The minute in which most instances were Active. */
export function peakActiveOf(uses: readonly QuarterUse[]): Peak {
  let peak: Peak = { count: 0, at: null, forMs: 0 };
  for (const use of uses) {
    for (let minute = 0; minute < MINUTES_PER_QUARTER; minute += 1) {
      const count = minuteCounts(use.minutes, minute).active;
      if (count > peak.count)
        peak = { count, at: quarterStart(use.quarter) + minute * MINUTE_MS, forMs: MINUTE_MS };
    }
  }
  return peak;
}

/** Peak of each local day. @param midnights starts of the days and of the day after the last */
export function dailyPeaks(
  midnights: readonly number[],
  peaks: readonly { at: number; peak: number }[],
): ConcurrentUse['daily'] {
  let i = 0;
  return midnights.slice(0, -1).map((at, day) => {
    const end = midnights[day + 1] ?? at;
    let peak = 0;
    for (; i < peaks.length && (peaks[i]?.at ?? end) < end; i += 1)
      peak = Math.max(peak, peaks[i]?.peak ?? 0);
    return { at, peak };
  });
}

/** Sums of the times of all quarters or slots. */
export function timesOf(
  uses: readonly Pick<QuarterUse, 'msActive' | 'msInactive' | 'msTimeout'>[],
): ConcurrentUse['times'] {
  return {
    activeMs: uses.reduce((sum, use) => sum + use.msActive, 0),
    inactiveMs: uses.reduce((sum, use) => sum + use.msInactive, 0),
    timeoutMs: uses.reduce((sum, use) => sum + use.msTimeout, 0),
  };
}

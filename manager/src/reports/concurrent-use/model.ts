import type { ConcurrentUse, UsePoint } from '@process-meter/contract';
import type { Slot } from '../../calendar/index.ts';
import {
  decodeMinutes,
  decodeMinuteTimes,
  MINUTE_MS,
  MINUTES_PER_QUARTER,
  QUARTER_MS,
  quarterStart,
  type MinuteCounts,
  type QuarterUse,
} from '../../rollup/index.ts';

type Peak = ConcurrentUse['peak'];

/** A quarter with its minutes unpacked. */
export interface UseQuarter extends QuarterUse {
  from: number;
  counts: MinuteCounts;
  /** Ms in each state, by minute. */
  times: MinuteCounts;
}

export const unpackMinutes = (use: QuarterUse): UseQuarter => ({
  ...use,
  from: quarterStart(use.quarter),
  counts: decodeMinutes(use.minutes),
  times: decodeMinuteTimes(use.minuteMs),
});

/**
 * The points of the slots. A minute shows its instances by most active state, and the exact times in it; a longer slot shows the states at its
 * peak minute and the sums of its quarters. Slots are whole minutes inside one quarter, or whole quarters.
 * @param uses quarters in order; those without use are absent
 */
export function pointsOf(slots: readonly Slot[], uses: readonly UseQuarter[]): UsePoint[] {
  const byQuarter = new Map(uses.map((use) => [use.quarter, use]));
  return slots.map((slot) =>
    slot.to - slot.from < QUARTER_MS ? minutePoint(slot, byQuarter) : quartersPoint(slot, byQuarter),
  );
}

function minutePoint(slot: Slot, byQuarter: ReadonlyMap<number, UseQuarter>): UsePoint {
  const use = byQuarter.get(Math.floor(slot.from / QUARTER_MS));
  if (use === undefined) return emptyPoint(slot);
  const states = valuesAt(use, use.counts, slot.from);
  const ms = valuesAt(use, use.times, slot.from);
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

function quartersPoint(slot: Slot, byQuarter: ReadonlyMap<number, UseQuarter>): UsePoint {
  const point = emptyPoint(slot);
  for (let at = slot.from; at < slot.to; at += QUARTER_MS) {
    const use = byQuarter.get(Math.floor(at / QUARTER_MS));
    if (use === undefined) continue;
    point.activeMs += use.msActive;
    point.inactiveMs += use.msInactive;
    point.timeoutMs += use.msTimeout;
    if (use.peakOpen <= point.peak) continue;
    point.peak = use.peakOpen;
    Object.assign(point, valuesAt(use, use.counts, use.peakAt));
  }
  return point;
}

function valuesAt(
  { from }: UseQuarter,
  values: MinuteCounts,
  at: number,
): { active: number; inactive: number; timeout: number } {
  const minute = Math.min(Math.floor((at - from) / MINUTE_MS), MINUTES_PER_QUARTER - 1);
  return {
    active: values.active[minute] ?? 0,
    inactive: values.inactive[minute] ?? 0,
    timeout: values.timeout[minute] ?? 0,
  };
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
export function peakOf(uses: readonly UseQuarter[]): Peak {
  const best = uses.reduce<UseQuarter | undefined>(
    (top, use) => (top === undefined || use.peakOpen > top.peakOpen ? use : top),
    undefined,
  );
  if (best === undefined) return { count: 0, at: null, forMs: 0 };
  return { count: best.peakOpen, at: best.peakAt, forMs: lastsFor(best, uses) };
}

function lastsFor(best: UseQuarter, uses: readonly UseQuarter[]): number {
  let end = best.peakAt + best.peakMs;
  for (const use of uses) {
    if (use.from === end && use.peakOpen === best.peakOpen && use.peakAt === end) end += use.peakMs;
  }
  return end - best.peakAt;
}

/** The minute in which most instances were Active. */
export function peakActiveOf(uses: readonly UseQuarter[]): Peak {
  let peak: Peak = { count: 0, at: null, forMs: 0 };
  for (const use of uses) {
    use.counts.active.forEach((count, minute) => {
      if (count > peak.count) peak = { count, at: use.from + minute * MINUTE_MS, forMs: MINUTE_MS };
    });
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

/** Sums of the times of all quarters. */
export function timesOf(uses: readonly UseQuarter[]): ConcurrentUse['times'] {
  return {
    activeMs: uses.reduce((sum, use) => sum + use.msActive, 0),
    inactiveMs: uses.reduce((sum, use) => sum + use.msInactive, 0),
    timeoutMs: uses.reduce((sum, use) => sum + use.msTimeout, 0),
  };
}

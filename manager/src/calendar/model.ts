import type { Step } from '@process-meter/contract';
import { MINUTE_MS, QUARTER_MS } from '../rollup/index.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** One step of a report: `from` inclusive, `to` exclusive, ms UTC. */
export interface Slot {
  from: number;
  to: number;
}

/** Step that fits a range (portal.md §4): to 2 days a minute, to 8 days a quarter, to 14 days an hour, beyond a day. */
export function stepFor(range: Slot): Step {
  const days = (range.to - range.from) / DAY_MS;
  if (days <= 2) return 'minute';
  if (days <= 8) return 'quarter';
  return days <= 14 ? 'hour' : 'day';
}

/** A range widened to whole quarter-hours: the roll-up's step. */
export function wholeQuarters(range: Slot): Slot {
  return {
    from: Math.floor(range.from / QUARTER_MS) * QUARTER_MS,
    to: Math.ceil(range.to / QUARTER_MS) * QUARTER_MS,
  };
}

/**
 * The slots of a range. Hours are counted from each local midnight in real time, so that a change-over day has 23, 24.5
 * or 25 of them and the last may be shorter; slots at the edges are clipped to the range.
 * @param midnights starts of the local days that cover the range, and the one after it
 */
export function slotsOf(range: Slot, step: Step, midnights: readonly number[]): Slot[] {
  switch (step) {
    case 'minute':
      return even(range, MINUTE_MS);
    case 'quarter':
      return even(range, QUARTER_MS);
    case 'hour':
      return clipped(
        days(midnights).flatMap((day) => even(day, HOUR_MS)),
        range,
      );
    case 'day':
      return clipped(days(midnights), range);
  }
}

function days(midnights: readonly number[]): Slot[] {
  return midnights.slice(0, -1).map((from, i) => ({ from, to: midnights[i + 1] ?? from }));
}

function even({ from, to }: Slot, length: number): Slot[] {
  const count = Math.ceil((to - from) / length);
  return Array.from({ length: count }, (_, i) => ({
    from: from + i * length,
    to: Math.min(to, from + (i + 1) * length),
  }));
}

function clipped(slots: readonly Slot[], range: Slot): Slot[] {
  return slots
    .map((slot) => ({ from: Math.max(slot.from, range.from), to: Math.min(slot.to, range.to) }))
    .filter((slot) => slot.to > slot.from);
}

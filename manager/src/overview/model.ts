import type { Overview, Task } from '@process-meter/contract';
import type { Today } from '../live/index.ts';
import {
  decodeMinutes,
  MINUTE_MS,
  MINUTES_PER_QUARTER,
  QUARTER_MS,
  quarterOf,
  quarterStart,
  type QuarterUse,
} from '../rollup/index.ts';

type Point = Overview['today']['points'][number];
interface Minute {
  at: number;
  active: number;
  inactive: number;
  timeout: number;
}

/** The day so far, all applications added up minute by minute (ADR 9). `peak` is the most sessions in one minute. */
export function todayOf({ from, to, uses }: Today): Overview['today'] {
  const byQuarter = Map.groupBy([...uses.values()].flat(), (use) => use.quarter);
  const quarters = Array.from({ length: quarterOf(to) - quarterOf(from) + 1 }, (_, i) => {
    const quarter = quarterOf(from) + i;
    const found = byQuarter.get(quarter) ?? [];
    return { quarter, uses: found, minutes: minutesOf(quarter, found) };
  });
  return {
    from,
    to,
    points: quarters.map(pointOf),
    peak: peakOf(quarters.flatMap(({ minutes }) => minutes)),
  };
}

const open = (minute: Minute): number => minute.active + minute.inactive + minute.timeout;

function minutesOf(quarter: number, uses: readonly QuarterUse[]): Minute[] {
  const counts = uses.map((use) => decodeMinutes(use.minutes));
  return Array.from({ length: MINUTES_PER_QUARTER }, (_, i) => {
    const sum = (state: 'active' | 'inactive' | 'timeout'): number =>
      counts.reduce((all, count) => all + (count[state][i] ?? 0), 0);
    return {
      at: quarterStart(quarter) + i * MINUTE_MS,
      active: sum('active'),
      inactive: sum('inactive'),
      timeout: sum('timeout'),
    };
  });
}

function pointOf(at: { quarter: number; uses: readonly QuarterUse[]; minutes: readonly Minute[] }): Point {
  const highest = at.minutes.reduce((best, minute) => (open(minute) > open(best) ? minute : best), {
    at: quarterStart(at.quarter),
    active: 0,
    inactive: 0,
    timeout: 0,
  });
  const sum = (pick: (use: QuarterUse) => number): number => at.uses.reduce((all, use) => all + pick(use), 0);
  return {
    ...highest,
    at: quarterStart(at.quarter),
    peak: open(highest),
    activeMs: sum((use) => use.msActive),
    inactiveMs: sum((use) => use.msInactive),
    timeoutMs: sum((use) => use.msTimeout),
    lengthMs: QUARTER_MS,
  };
}

function peakOf(minutes: readonly Minute[]): Overview['today']['peak'] {
  const count = minutes.reduce((most, minute) => Math.max(most, open(minute)), 0);
  if (count === 0) return { count, at: null, forMs: 0 };
  const first = minutes.findIndex((minute) => open(minute) === count);
  const after = minutes.slice(first).findIndex((minute) => open(minute) < count);
  const length = after < 0 ? minutes.length - first : after;
  return { count, at: minutes[first]?.at ?? null, forMs: length * MINUTE_MS };
}

/** What somebody must act on, most urgent first. */
export function tasksOf(found: readonly Task[]): Task[] {
  return found.filter((task) => task.count > 0);
}

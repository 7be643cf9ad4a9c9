import type { TimeTick } from './chart-model.ts';
import { clock, shortDay, day } from '#lib/format/instants.ts';
import { instantOf, startOfDay, startOfWeek, wallAt } from '#lib/format/zone.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 180, 240, 360, 720].map((minutes) => minutes * MINUTE);

function hourTicks(from: number, to: number, zone: string, step: number): TimeTick[] {
  const ticks: TimeTick[] = [];
  for (let dayStart = startOfDay(from, zone); dayStart <= to; dayStart = startOfDay(dayStart, zone, 1)) {
    const next = startOfDay(dayStart, zone, 1);
    for (let at = dayStart; at < next; at += step) {
      if (at >= from && at <= to) ticks.push({ at, label: clock(at, zone) });
    }
  }
  return ticks;
}

function dayTicks(from: number, to: number, zone: string, days: number): TimeTick[] {
  const ticks: TimeTick[] = [];
  const long = days >= 7;
  let at = long ? startOfWeek(from, zone) : startOfDay(from, zone);
  for (; at <= to; at = startOfDay(at, zone, days)) {
    if (at >= from)
      ticks.push({ at, label: long ? shortDay(at, zone) : day(at, zone, to).replace(/ \w+$/, '') });
  }
  return ticks;
}

/** Ticks of a time axis on round wall-clock times of the zone, at most `most` of them. */
export function timeTicks(span: { from: number; to: number }, zone: string, most: number): TimeTick[] {
  const { from, to } = span;
  const length = to - from;
  const step = STEPS.find((candidate) => length / candidate <= most);
  if (step !== undefined && length <= 3 * 24 * HOUR) return hourTicks(from, to, zone, step);
  const days = [1, 2, 7, 14, 28].find((candidate) => length / (candidate * 24 * HOUR) <= most) ?? 28;
  return dayTicks(from, to, zone, days);
}

/** First instants of the months within a span. */
export function monthStarts(span: { from: number; to: number }, zone: string): number[] {
  const starts: number[] = [];
  const wall = wallAt(span.from, zone);
  for (let month = wall.month; ; month += 1) {
    const at = instantOf({ year: wall.year, month, day: 1 }, zone);
    if (at >= span.to) return starts;
    if (at >= span.from) starts.push(at);
  }
}

import type { ConcurrentUse } from '@process-meter/contract';
import { clock, day } from '#lib/format/instants.ts';
import { startOfDay } from '#lib/format/zone.ts';
import * as use from '#lib/i18n/use.ts';

type Point = ConcurrentUse['points'][number];

/** Name of what the report is about. */
export function applicationName(report: ConcurrentUse): string {
  return report.application?.name ?? use.concurrent.noApplication;
}

/** An instant within the range: the clock within a day, with the day otherwise. */
export function whenIn(report: { from: number; to: number; zone: string }, at: number): string {
  const oneDay = startOfDay(report.from, report.zone) === startOfDay(report.to - 1, report.zone);
  return oneDay ? clock(at, report.zone) : `${clock(at, report.zone)} on ${day(at, report.zone, report.to)}`;
}

/** The point whose step holds an instant. */
export function pointAt(points: readonly Point[], at: number): Point | undefined {
  return points.find((point) => at >= point.at && at < point.at + point.lengthMs);
}

/** Copies that would have done, had those in Timeout been released: only one-minute steps tell it truly. */
function enough(report: ConcurrentUse): number | null {
  if (report.step !== 'minute') return null;
  return report.points.reduce((most, point) => Math.max(most, point.active + point.inactive), 0);
}

function worked(report: ConcurrentUse, at: number): string | null {
  const { answer } = use.concurrent;
  const { count } = report.peak;
  const point = pointAt(report.points, at);
  if (point === undefined) return null;
  // The states are of a whole minute, the peak of an instant: a minute may count more than were open at once.
  const active = Math.min(point.active, count);
  if (active === count) return answer.allWorked(count);
  if (active === 0) return answer.noneWorked(count);
  const needed = enough(report);
  return needed !== null && needed < count
    ? answer.workedAndEnough(active, count, needed)
    : answer.worked(active, count);
}

/** Nothing open is one thing, nothing measured another. */
function nothing(report: ConcurrentUse): string {
  const { answer } = use.concurrent;
  if (report.application === null) return answer.noApplication;
  const known = report.completeness.share;
  if (known === null) return answer.unknown(applicationName(report));
  return known < 1 ? answer.noneSoFar(applicationName(report)) : answer.none(applicationName(report));
}

/** The peak, when, how much of it was worked in, and what would have done. */
export function concurrentAnswer(report: ConcurrentUse): string[] {
  const { answer } = use.concurrent;
  const { count, at } = report.peak;
  if (count === 0 || at === null) return [nothing(report)];
  if (count === 1) return [answer.one(whenIn(report, at))];
  const second = worked(report, at);
  const first = answer.peak(count, whenIn(report, at));
  return second === null ? [first] : [first, second];
}

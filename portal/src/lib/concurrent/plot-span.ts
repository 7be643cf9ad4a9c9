import type { ConcurrentUse } from '@process-meter/contract';
import { startOfHour } from '#lib/format/zone.ts';

const HOUR = 3_600_000;
const SHORTEST = 4 * HOUR;

/**
 * The part of a range that is drawn. "Today" leaves out the hours before the first and after the last use, so that a
 * short working day is not a sliver; every other range is drawn whole.
 */
export function plotSpan(
  report: Pick<ConcurrentUse, 'from' | 'to' | 'points' | 'zone' | 'until'>,
  trim: boolean,
): { from: number; to: number } {
  const used = report.points.filter((point) => point.peak > 0);
  const first = used[0];
  const last = used.at(-1);
  if (!trim || first === undefined || last === undefined) return { from: report.from, to: report.to };
  const to = Math.min(report.to, startOfHour(last.at + last.lengthMs, report.zone) + 2 * HOUR);
  const from = Math.min(startOfHour(first.at, report.zone) - HOUR, to - SHORTEST);
  return { from: Math.max(report.from, from), to };
}

import type { Overview } from '@process-meter/contract';
import { startOfHour } from '#lib/format/zone.ts';

const HOUR = 3_600_000;

/** The part of today worth drawing: from an hour before the first use to the end of the running hour, four hours at least. */
export function todaySpan(
  overview: Pick<Overview, 'today' | 'zone'>,
  now: number,
): { from: number; to: number } {
  const { today, zone } = overview;
  const first = today.points.find((point) => point.peak > 0)?.at ?? now;
  const to = Math.min(today.to, startOfHour(now, zone) + HOUR);
  const from = Math.min(startOfHour(first, zone) - HOUR, to - 4 * HOUR);
  return { from: Math.max(today.from, from), to };
}

import type { Overview } from '@process-meter/contract';
import { startOfDay } from '#lib/format/zone.ts';

const HOUR = 3_600_000;

/** What is known of each hour of the local day: complete, with a gap, or nothing (not yet, or no agent expected). */
export function hoursOfDay(
  overview: Pick<Overview, 'today' | 'completeness' | 'zone'>,
  now: number,
): { at: number; look: '' | 'none' | 'gap' }[] {
  const hours: { at: number; look: '' | 'none' | 'gap' }[] = [];
  // The whole day, so that noon stands in the middle; a change-over day has 23 or 25 hours.
  const end = startOfDay(overview.today.from, overview.zone, 1);
  for (let at = overview.today.from; at < end; at += HOUR) {
    const slots = overview.completeness.slots.filter(
      (slot) => slot.share !== null && slot.from < at + HOUR && slot.to > at && slot.from < now,
    );
    const gap = slots.some((slot) => slot.share !== null && slot.share < 1);
    hours.push({ at, look: slots.length === 0 ? 'none' : gap ? 'gap' : '' });
  }
  return hours;
}

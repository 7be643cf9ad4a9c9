import type { Overview } from '@process-meter/contract';

const HOUR = 3_600_000;

/** What is known of each hour of the local day: complete, with a gap, or nothing (not yet, or no agent expected). */
export function hoursOfDay(
  overview: Pick<Overview, 'today' | 'completeness'>,
  now: number,
): { at: number; look: '' | 'none' | 'gap' }[] {
  const hours: { at: number; look: '' | 'none' | 'gap' }[] = [];
  for (let at = overview.today.from; at < overview.today.to; at += HOUR) {
    const slots = overview.completeness.slots.filter(
      (slot) => slot.share !== null && slot.from < at + HOUR && slot.to > at && slot.from < now,
    );
    const gap = slots.some((slot) => slot.share !== null && slot.share < 1);
    hours.push({ at, look: slots.length === 0 ? 'none' : gap ? 'gap' : '' });
  }
  return hours;
}

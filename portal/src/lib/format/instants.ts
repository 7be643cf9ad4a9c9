import { clock, formatted } from './clock.ts';
import { startOfDay, wallAt } from './zone.ts';

export { clock, clockSeconds } from './clock.ts';

/** "Tue 17 Nov 2026"; the year is left out when it is the year of `now`. */
export function day(at: number, zone: string, now?: number): string {
  const parts = formatted(at, zone, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
  const text = `${parts.get('weekday') ?? ''} ${parts.get('day') ?? ''} ${parts.get('month') ?? ''}`;
  const sameYear = now !== undefined && wallAt(now, zone).year === wallAt(at, zone).year;
  return sameYear ? text : `${text} ${parts.get('year') ?? ''}`;
}

/** "17 Nov" */
export function shortDay(at: number, zone: string): string {
  const parts = formatted(at, zone, { day: 'numeric', month: 'short' });
  return `${parts.get('day') ?? ''} ${parts.get('month') ?? ''}`;
}

/** "November" */
export function monthName(at: number, zone: string): string {
  return formatted(at, zone, { month: 'long' }).get('month') ?? '';
}

/** "Tue 17 Nov, 14:32"; today only the clock. */
export function moment(at: number, zone: string, now: number): string {
  if (startOfDay(at, zone) === startOfDay(now, zone)) return clock(at, zone);
  return `${day(at, zone, now)}, ${clock(at, zone)}`;
}

function isMidnight(at: number, zone: string): boolean {
  return startOfDay(at, zone) === at;
}

/** A range in words: "Tue 17 Nov 2026, 06:00 to 20:00", "11 Nov to 17 Nov 2026", "Tue 17 Nov 2026". */
export function range(from: number, to: number, zone: string): string {
  const last = to - 1;
  const oneDay = startOfDay(from, zone) === startOfDay(last, zone);
  if (isMidnight(from, zone) && isMidnight(to, zone)) {
    if (oneDay) return day(from, zone);
    const year = wallAt(last, zone).year;
    const first =
      wallAt(from, zone).year === year
        ? shortDay(from, zone)
        : `${shortDay(from, zone)} ${String(wallAt(from, zone).year)}`;
    return `${first} to ${shortDay(last, zone)} ${String(year)}`;
  }
  const end = isMidnight(to, zone) ? '24:00' : clock(to, zone);
  if (oneDay) return `${day(from, zone)}, ${clock(from, zone)} to ${end}`;
  return `${shortDay(from, zone)}, ${clock(from, zone)} to ${day(last, zone)}, ${end}`;
}

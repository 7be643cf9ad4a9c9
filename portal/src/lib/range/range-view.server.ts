import { range as words } from '#lib/format/instants.ts';
import { wallIso } from '#lib/format/zone.ts';
import type { Range } from './range.ts';
import type { RangeView } from './range-view.ts';

/** The day of a zone in which an instant lies. */
export const dayIso = (at: number, zone: string): string => wallIso(at, zone).slice(0, 10);

/** What the range picker shows of a range. */
export function rangeView({ from, to, preset }: Range, zone: string, now: number): RangeView {
  return {
    preset,
    words: words(from, to, zone),
    first: dayIso(from, zone),
    last: dayIso(to - 1, zone),
    today: dayIso(now, zone),
  };
}

import { redirect } from '@sveltejs/kit';
import { isZone, offsetIso, wallIso } from '#lib/format/zone.ts';
import { readRange, type Preset, type Range } from '#lib/range/range.ts';
import { readRangeText } from '#lib/range/range-text.ts';

export interface ReportRange {
  readonly range: Range;
  readonly zone: string;
  /** The query's part for the Manager. */
  readonly query: { readonly from: string; readonly to: string; readonly tz: string };
  /** What was typed and could not be read as a range. */
  readonly refused: string | null;
}

export interface RangeInput {
  readonly url: URL;
  readonly accountZone: string;
  readonly now: number;
  readonly fallback: Preset;
}

/**
 * The range and zone an address means. A typed range (`text`) is answered by a redirect to its canonical address,
 * so that what is copied is what is seen.
 */
export function reportRange({ url, accountZone, now, fallback }: RangeInput): ReportRange {
  const wanted = url.searchParams.get('tz');
  const zone = wanted !== null && isZone(wanted) ? wanted : accountZone;
  const text = url.searchParams.get('text');
  const typed = text === null ? null : readRangeText(text, now, zone);
  if (typed !== null) {
    const target = new URL(url);
    target.searchParams.delete('text');
    target.searchParams.delete('range');
    target.searchParams.set('from', wallIso(typed.from, zone));
    target.searchParams.set('to', wallIso(typed.to, zone));
    target.searchParams.sort();
    redirect(303, target.pathname + target.search.replaceAll('%3A', ':'));
  }
  const range = readRange(url.searchParams, now, zone, fallback);
  return {
    range,
    zone,
    query: { from: offsetIso(range.from, zone), to: offsetIso(range.to, zone), tz: zone },
    refused: text === null || text.trim() === '' ? null : text,
  };
}

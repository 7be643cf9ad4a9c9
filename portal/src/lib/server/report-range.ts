import { redirect } from '@sveltejs/kit';
import { isZone, offsetIso, wallIso, zoneLabel } from '#lib/format/zone.ts';
import { common } from '#lib/i18n/common.ts';
import { rangeView } from '#lib/range/range-view.server.ts';
import { readRange, type Preset, type Range } from '#lib/range/range.ts';
import { readRangeText } from '#lib/range/range-text.ts';
import type { RangeBarView } from '#lib/reports/range-bar.ts';

export interface ReportRange {
  readonly range: Range;
  readonly zone: string;
  /** The query's part for the Manager. */
  readonly query: { readonly from: string; readonly to: string; readonly tz: string };
  /** What the filter bar of the report shows of it. */
  readonly bar: RangeBarView;
}

export interface RangeInput {
  readonly url: URL;
  readonly accountZone: string;
  readonly now: number;
  readonly fallback: Preset;
  /** Parts of the address that mean nothing in another range. */
  readonly drop: readonly string[];
}

const RANGE_KEYS = ['range', 'from', 'to', 'text', 'first', 'last'];

/** What was typed, or the first and last day that were picked, in the words of a typed range. */
function typedText(params: URLSearchParams): string | null {
  const first = params.get('first') ?? '';
  const last = params.get('last') ?? '';
  if (first === '' || last === '') return first === last ? params.get('text') : first + last;
  return first <= last ? `${first} to ${last}` : `${last} to ${first}`;
}

/** Leads a typed range to its canonical address. */
function toCanonical(url: URL, typed: { from: number; to: number }, zone: string): never {
  const target = new URL(url);
  for (const key of RANGE_KEYS) target.searchParams.delete(key);
  target.searchParams.set('from', wallIso(typed.from, zone));
  target.searchParams.set('to', wallIso(typed.to, zone));
  target.searchParams.sort();
  redirect(303, target.pathname + target.search.replaceAll('%3A', ':'));
}

/**
 * The range and zone an address means. A typed range (`text`) is answered by a redirect to its canonical address,
 * so that what is copied is what is seen.
 */
export function reportRange({ url, accountZone, now, fallback, drop }: RangeInput): ReportRange {
  const wanted = url.searchParams.get('tz');
  const zone = wanted !== null && isZone(wanted) ? wanted : accountZone;
  const text = typedText(url.searchParams);
  const typed = text === null ? null : readRangeText(text, now, zone);
  if (typed !== null) toCanonical(url, typed, zone);
  const range = readRange(url.searchParams, now, zone, fallback);
  const { from, to } = range;
  return {
    range,
    zone,
    query: { from: offsetIso(from, zone), to: offsetIso(to, zone), tz: zone },
    bar: {
      range: rangeView(range, zone, now),
      zone,
      keep: [...url.searchParams].filter(([key]) => !RANGE_KEYS.includes(key) && !drop.includes(key)),
      zoneText: common.times(zoneLabel(zone, to - 1)),
      refused: text === null || text.trim() === '' ? null : text,
    },
  };
}

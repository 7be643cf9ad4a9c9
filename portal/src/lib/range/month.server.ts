import type { Completeness } from '@process-meter/contract';
import { day as dayName, monthName } from '#lib/format/instants.ts';
import { instantOf, startOfWeek } from '#lib/format/zone.ts';
import { range as texts } from '#lib/i18n/range.ts';
import { dayIso } from './range-view.server.ts';
import type { Month } from './month.ts';

const NOON_MS = 12 * 3_600_000;

/** First and end of the weeks that a month (`2026-11`) touches in a zone; null for what is no month. */
export function weeksOf(month: string, zone: string): { from: number; to: number } | null {
  const parts = /^(\d{4})-(\d{2})$/.exec(month);
  if (parts === null || Number(parts[2]) < 1 || Number(parts[2]) > 12) return null;
  const [year, number] = [Number(parts[1]), Number(parts[2])];
  const from = startOfWeek(instantOf({ year, month: number, day: 1 }, zone), zone);
  const last = instantOf({ year, month: number + 1, day: 0 }, zone);
  return { from, to: startOfWeek(last, zone, 1) };
}

/** The month as the picker shows it. `known` may be missing: then no day is marked. */
export function monthOf(
  month: string,
  { zone, now, known }: { zone: string; now: number; known: Completeness | null },
): Month | null {
  const weeks = weeksOf(month, zone);
  if (weeks === null) return null;
  const [year, number] = [Number(month.slice(0, 4)), Number(month.slice(5))];
  const monthAt = (by: number): number => instantOf({ year, month: number + by, day: 1 }, zone) + NOON_MS;
  const next = monthAt(1);
  const lacking = new Set(
    (known?.slots ?? [])
      .filter((slot) => slot.share !== null && slot.share < 1)
      .map((slot) => dayIso(slot.from, zone)),
  );
  const days: Month['days'][number][] = [];
  // From noon to noon: a change-over never skips a day.
  for (let at = weeks.from + NOON_MS; at < weeks.to; at += 24 * 3_600_000) {
    const iso = dayIso(at, zone);
    const incomplete = lacking.has(iso);
    const name = dayName(at, zone);
    days.push({
      iso,
      day: Number(iso.slice(8)),
      name: incomplete ? texts.incomplete(name) : name,
      other: !iso.startsWith(month),
      incomplete,
      future: iso > dayIso(now, zone),
    });
  }
  return {
    title: `${monthName(monthAt(0), zone)} ${String(year)}`,
    previous: dayIso(monthAt(-1), zone).slice(0, 7),
    next: next > now ? null : dayIso(next, zone).slice(0, 7),
    days,
  };
}

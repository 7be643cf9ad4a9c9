const MINUTE = 60_000;

export interface Wall {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallFormat(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    formats.set(zone, format);
  }
  return format;
}

/** The wall clock of a zone at an instant. */
export function wallAt(at: number, zone: string): Wall {
  const parts = new Map<string, number>();
  for (const { type, value } of wallFormat(zone).formatToParts(at)) parts.set(type, Number(value));
  const part = (name: string): number => parts.get(name) ?? 0;
  return {
    year: part('year'),
    month: part('month'),
    day: part('day'),
    hour: part('hour'),
    minute: part('minute'),
    second: part('second'),
  };
}

function wallAsUtc(wall: Wall): number {
  return Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour, wall.minute, wall.second);
}

/** Offset of a zone from UTC at an instant, in ms. */
export function offsetAt(at: number, zone: string): number {
  const whole = Math.floor(at / 1000) * 1000;
  return wallAsUtc(wallAt(whole, zone)) - whole;
}

/**
 * The instant at which the clocks of a zone show a wall time. A time skipped by a change-over becomes as much later
 * as was skipped, a doubled one its first. Days and months may overflow, so "day 0" and "month 13" work.
 */
export function instantOf(
  wall: { year: number; month: number; day: number; hour?: number; minute?: number },
  zone: string,
): number {
  const utc = Date.UTC(wall.year, wall.month - 1, wall.day, wall.hour ?? 0, wall.minute ?? 0);
  const early = utc - offsetAt(utc - 86_400_000, zone);
  const late = utc - offsetAt(utc + 86_400_000, zone);
  const fits = [Math.min(early, late), Math.max(early, late)].find((at) => at + offsetAt(at, zone) === utc);
  return fits ?? Math.max(early, late);
}

/** First instant of the day of a zone in which an instant lies, moved by whole days. */
export function startOfDay(at: number, zone: string, days = 0): number {
  const wall = wallAt(at, zone);
  return instantOf({ year: wall.year, month: wall.month, day: wall.day + days }, zone);
}

/** First instant of the ISO week (Monday) of a zone, moved by whole weeks. */
export function startOfWeek(at: number, zone: string, weeks = 0): number {
  const wall = wallAt(at, zone);
  const weekday = (new Date(Date.UTC(wall.year, wall.month - 1, wall.day)).getUTCDay() + 6) % 7;
  return instantOf({ year: wall.year, month: wall.month, day: wall.day - weekday + weeks * 7 }, zone);
}

/** First instant of the wall-clock hour. */
export function startOfHour(at: number, zone: string): number {
  const wall = wallAt(at, zone);
  return at - wall.minute * MINUTE - wall.second * 1000 - (((at % 1000) + 1000) % 1000);
}

/** ISO week number and the year it belongs to. */
export function isoWeek(at: number, zone: string): { year: number; week: number } {
  const wall = wallAt(at, zone);
  const date = new Date(Date.UTC(wall.year, wall.month - 1, wall.day));
  date.setUTCDate(date.getUTCDate() + 4 - (date.getUTCDay() || 7));
  const yearStart = Date.UTC(date.getUTCFullYear(), 0, 1);
  return {
    year: date.getUTCFullYear(),
    week: Math.ceil(((date.getTime() - yearStart) / 86_400_000 + 1) / 7),
  };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Wall time for addresses: `2026-11-17T06:00`, with seconds only where there are some. */
export function wallIso(at: number, zone: string): string {
  const wall = wallAt(at, zone);
  const seconds = wall.second === 0 ? '' : `:${two(wall.second)}`;
  return `${String(wall.year)}-${two(wall.month)}-${two(wall.day)}T${two(wall.hour)}:${two(wall.minute)}${seconds}`;
}

/** ISO 8601 with the offset of the zone. */
export function offsetIso(at: number, zone: string): string {
  const offset = Math.round(offsetAt(at, zone) / MINUTE);
  const sign = offset < 0 ? '-' : '+';
  const size = Math.abs(offset);
  const wall = wallIso(at, zone);
  const full = wall.length === 16 ? `${wall}:00` : wall;
  return `${full}${sign}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

/** The zone for a reader: "Europe/Oslo (UTC+1)". */
export function zoneLabel(zone: string, at: number): string {
  const minutes = Math.round(offsetAt(at, zone) / MINUTE);
  if (minutes === 0) return zone === 'UTC' ? 'UTC' : `${zone} (UTC)`;
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? '' : `:${two(size % 60)}`;
  return `${zone} (UTC${minutes < 0 ? '−' : '+'}${String(Math.floor(size / 60))}${rest})`;
}

/** True for a zone this runtime knows. */
export function isZone(zone: string): boolean {
  try {
    wallFormat(zone);
    return true;
  } catch {
    return false;
  }
}

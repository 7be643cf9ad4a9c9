import { instantOf, startOfDay, wallAt } from '#lib/format/zone.ts';
import { presetRange } from './range.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}
interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const WEEKDAY_TEXT = '(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*';

function mondayOfWeek(year: number, week: number): Day {
  const fourth = new Date(Date.UTC(year, 0, 4));
  const monday = 4 - ((fourth.getUTCDay() + 6) % 7) + (week - 1) * 7;
  return { year, month: 1, day: monday };
}

function namedDay(text: string, today: Day): Day | null {
  if (text === 'today') return today;
  if (text === 'yesterday') return { ...today, day: today.day - 1 };
  const weekday = new RegExp(`^(?:last )?(${WEEKDAY_TEXT})$`).exec(text);
  if (weekday === null) return null;
  const wanted = WEEKDAYS.indexOf((weekday[1] ?? '').slice(0, 3));
  const now = (new Date(Date.UTC(today.year, today.month - 1, today.day)).getUTCDay() + 6) % 7;
  const back = (now - wanted + 7) % 7;
  return { ...today, day: today.day - (back === 0 && text.startsWith('last') ? 7 : back) };
}

function isoDay(text: string): Day | null {
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  return iso === null ? null : { year: Number(iso[1]), month: Number(iso[2]), day: Number(iso[3]) };
}

function calendarDay(text: string, today: Day): Day | null {
  const words = new RegExp(`^(?:${WEEKDAY_TEXT},? )?(\\d{1,2}) ([a-z]{3,9})(?: (\\d{4}))?$`).exec(text);
  if (words === null) return null;
  const [, dayText = '', monthText = '', yearText] = words;
  const month = MONTHS.indexOf(monthText.slice(0, 3)) + 1;
  const day = Number(dayText);
  if (month === 0 || day < 1 || day > 31) return null;
  if (yearText !== undefined) return { year: Number(yearText), month, day };
  // Without a year the last such day is meant: nobody looks for use in the future.
  const future = month * 31 + day > today.month * 31 + today.day;
  return { year: future ? today.year - 1 : today.year, month, day };
}

const readDay = (text: string, today: Day): Day | null =>
  namedDay(text, today) ?? isoDay(text) ?? calendarDay(text, today);

function readHours(text: string): { from: number; to: number } | null {
  const match = /^(\d{1,2})(?::?(\d{2}))? ?(?:-|–|to) ?(\d{1,2})(?::?(\d{2}))?$/.exec(text);
  if (match === null) return null;
  const from = Number(match[1]) * 60 + Number(match[2] ?? 0);
  const to = Number(match[3]) * 60 + Number(match[4] ?? 0);
  return from < to && to <= 24 * 60 ? { from, to } : null;
}

function weekOrMonth(text: string, zone: string): Span | null {
  const week = /^(\d{4})-?w(\d{1,2})$/.exec(text);
  if (week !== null) {
    const monday = mondayOfWeek(Number(week[1]), Number(week[2]));
    return { from: instantOf(monday, zone), to: instantOf({ ...monday, day: monday.day + 7 }, zone) };
  }
  const month = /^(\d{4})-(\d{1,2})$/.exec(text);
  if (month === null) return null;
  const first = { year: Number(month[1]), month: Number(month[2]), day: 1 };
  return { from: instantOf(first, zone), to: instantOf({ ...first, month: first.month + 1 }, zone) };
}

function lastSpan(text: string, now: number, zone: string): Span | null {
  const match = /^(?:last )?(\d{1,3}) ?(h|hours?|d|days?|weeks?)$/.exec(text);
  if (match === null) return text === 'last hour' ? presetRange('1h', now, zone) : null;
  const amount = Number(match[1]);
  const unit = match[2] ?? '';
  if (amount === 0) return null;
  if (unit.startsWith('h')) return { from: now - amount * 3_600_000, to: now };
  const days = unit.startsWith('w') ? amount * 7 : amount;
  return { from: startOfDay(now, zone, 1 - days), to: startOfDay(now, zone, 1) };
}

function daySpan(day: Day, hours: { from: number; to: number } | null, zone: string): Span {
  if (hours === null)
    return { from: instantOf(day, zone), to: instantOf({ ...day, day: day.day + 1 }, zone) };
  return {
    from: instantOf({ ...day, minute: hours.from }, zone),
    to: instantOf({ ...day, minute: hours.to }, zone),
  };
}

function twoDays(text: string, today: Day, zone: string): Span | null {
  const [first, second, ...more] = text.split(/ (?:to|-|–|until) /);
  if (first === undefined || second === undefined || more.length > 0) return null;
  const last = readDay(second, today);
  const begin =
    last === null
      ? null
      : readDay(
          /\d{4}$/.test(second) && !/\d{4}/.test(first) ? `${first} ${String(last.year)}` : first,
          today,
        );
  if (begin === null || last === null) return null;
  const span = { from: instantOf(begin, zone), to: instantOf({ ...last, day: last.day + 1 }, zone) };
  return span.from < span.to ? span : null;
}

function dayWithHours(text: string, today: Day, zone: string): Span | null {
  const whole = readDay(text, today);
  if (whole !== null) return daySpan(whole, null, zone);
  for (let space = text.indexOf(' '); space > 0; space = text.indexOf(' ', space + 1)) {
    const day = readDay(text.slice(0, space).replace(/,$/, ''), today);
    const hours = readHours(text.slice(space + 1));
    if (day !== null && hours !== null) return daySpan(day, hours, zone);
  }
  return null;
}

/**
 * Reads a range as people type it: "17 Nov", "last Tuesday 8-12", "2026-W47", "11 Nov to 17 Nov", "7 days", "2026-11".
 * Returns null for what cannot be understood.
 */
export function readRangeText(typed: string, now: number, zone: string): Span | null {
  const text = typed.trim().toLowerCase().replaceAll(/\s+/g, ' ');
  const { year, month, day } = wallAt(now, zone);
  const today: Day = { year, month, day };
  const hours = readHours(text);
  if (hours !== null) return daySpan(today, hours, zone);
  return (
    weekOrMonth(text, zone) ??
    lastSpan(text, now, zone) ??
    dayWithHours(text, today, zone) ??
    twoDays(text, today, zone)
  );
}

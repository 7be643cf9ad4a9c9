import { describe, expect, it } from 'vitest';
import {
  ago,
  bytes,
  clockSeconds,
  count,
  day,
  duration,
  exactDuration,
  instantOf,
  isoWeek,
  isZone,
  moment,
  offsetIso,
  range,
  settingDuration,
  share,
  shareOf,
  startOfDay,
  startOfHour,
  startOfWeek,
  wallIso,
  zoneLabel,
} from './index.ts';

const plain = (text: string): string => text.replaceAll('\u00a0', ' ');
const OSLO = 'Europe/Oslo';
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe('durations', () => {
  it('reads as words, never as a time of day', () => {
    expect(plain(duration(161 * MINUTE))).toBe('2 h 41 min');
    expect(plain(duration(15 * MINUTE + 59_000))).toBe('15 min');
    expect(plain(duration(2 * HOUR))).toBe('2 h');
    expect(plain(duration(59_900))).toBe('59 s');
    expect(plain(duration(-5))).toBe('0 s');
  });
  it('is exact to the second below an hour in a detail view', () => {
    expect(plain(exactDuration(15 * MINUTE))).toBe('15 min 00 s');
    expect(plain(exactDuration(4 * MINUTE + 42_000))).toBe('4 min 42 s');
    expect(plain(exactDuration(59 * MINUTE + 59_600))).toBe('1 h');
  });
  it('gives a setting back as it was typed', () => {
    expect(plain(settingDuration(60_000))).toBe('60 s');
    expect(plain(settingDuration(90_000))).toBe('90 s');
    expect(plain(settingDuration(15 * MINUTE))).toBe('15 min');
  });
  it('joins number and unit by a no-break space', () => {
    expect(duration(161 * MINUTE)).toBe('2\u00a0h 41\u00a0min');
  });
  it('says how long ago in one unit', () => {
    expect(plain(ago(0, 30_000))).toBe('now');
    expect(plain(ago(0, 11 * HOUR))).toBe('11 h ago');
    expect(plain(ago(0, 25 * HOUR))).toBe('1 day ago');
    expect(plain(ago(0, 73 * HOUR))).toBe('3 days ago');
  });
});

describe('shares', () => {
  it('never rounds to a lie', () => {
    expect(share(0)).toBe('0%');
    expect(share(0.002)).toBe('under 1%');
    expect(share(0.58)).toBe('58%');
    expect(share(0.9996)).toBe('99.9%');
    expect(share(1)).toBe('100%');
  });
  it('is 0% of nothing', () => {
    expect(shareOf(0, 0)).toBe('0%');
  });
  it('groups counts', () => {
    expect(count(1441)).toBe('1,441');
    expect(plain(bytes(1400))).toBe('1.4 kB');
  });
});

describe('instants', () => {
  const at = Date.UTC(2026, 10, 17, 13, 32, 8);
  it('are told in the zone of the page', () => {
    expect(clockSeconds(at, OSLO)).toBe('14:32:08');
    expect(day(at, OSLO)).toBe('Tue 17 Nov 2026');
    expect(day(at, OSLO, at)).toBe('Tue 17 Nov');
    expect(moment(at, OSLO, at)).toBe('14:32');
  });
  it('make ranges that say whole days as days', () => {
    const from = instantOf({ year: 2026, month: 11, day: 17 }, OSLO);
    expect(range(from, startOfDay(from, OSLO, 1), OSLO)).toBe('Tue 17 Nov 2026');
    expect(range(startOfDay(from, OSLO, -6), startOfDay(from, OSLO, 1), OSLO)).toBe('11 Nov to 17 Nov 2026');
    expect(range(from + 6 * HOUR, from + 20 * HOUR, OSLO)).toBe('Tue 17 Nov 2026, 06:00 to 20:00');
    expect(range(from + 6 * HOUR, from + 24 * HOUR, OSLO)).toBe('Tue 17 Nov 2026, 06:00 to 24:00');
  });
  it('carry their offset in ISO form', () => {
    expect(offsetIso(at, OSLO)).toBe('2026-11-17T14:32:08+01:00');
    expect(offsetIso(at, 'Asia/Kathmandu')).toBe('2026-11-17T19:17:08+05:45');
    expect(wallIso(at - 8000, OSLO)).toBe('2026-11-17T14:32');
    expect(zoneLabel('America/St_Johns', at)).toBe('America/St_Johns (UTC−3:30)');
    expect(zoneLabel(OSLO, at)).toBe('Europe/Oslo (UTC+1)');
  });
});

describe('days of a zone', () => {
  it('have 23 and 25 hours at a change-over', () => {
    const spring = instantOf({ year: 2026, month: 3, day: 29 }, OSLO);
    expect(startOfDay(spring, OSLO, 1) - spring).toBe(23 * HOUR);
    const autumn = instantOf({ year: 2026, month: 10, day: 25 }, OSLO);
    expect(startOfDay(autumn, OSLO, 1) - autumn).toBe(25 * HOUR);
  });
  it('take the first of a doubled hour and move a skipped one on', () => {
    const doubled = instantOf({ year: 2026, month: 10, day: 25, hour: 2, minute: 30 }, OSLO);
    expect(doubled).toBe(Date.UTC(2026, 9, 25, 0, 30));
    const skipped = instantOf({ year: 2026, month: 3, day: 29, hour: 2 }, OSLO);
    expect(skipped).toBe(Date.UTC(2026, 2, 29, 1));
  });
  it('belong to ISO weeks that begin on Monday', () => {
    const tuesday = instantOf({ year: 2026, month: 11, day: 17 }, OSLO);
    expect(isoWeek(tuesday, OSLO)).toEqual({ year: 2026, week: 47 });
    expect(wallIso(startOfWeek(tuesday, OSLO), OSLO)).toBe('2026-11-16T00:00');
    expect(isoWeek(instantOf({ year: 2027, month: 1, day: 2 }, OSLO), OSLO)).toEqual({
      year: 2026,
      week: 53,
    });
  });
  it('start hours on the wall clock, also in zones off by a half', () => {
    const at = Date.UTC(2026, 10, 17, 13, 40, 8, 120);
    expect(wallIso(startOfHour(at, 'Asia/Kolkata'), 'Asia/Kolkata')).toBe('2026-11-17T19:00');
  });
  it('know which zones exist', () => {
    expect(isZone(OSLO)).toBe(true);
    expect(isZone('Mars/Olympus')).toBe(false);
  });
});

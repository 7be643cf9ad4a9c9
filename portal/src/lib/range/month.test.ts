import { describe, expect, it } from 'vitest';
import { wallIso } from '#lib/format/zone.ts';
import { reportRange } from '#lib/server/report-range.ts';
import { monthOf, weeksOf } from './month.server.ts';

const OSLO = 'Europe/Oslo';
const NOW = Date.UTC(2026, 10, 17, 13, 32);

describe('a month of the range picker', () => {
  it('is whole weeks from Monday, also over a change-over', () => {
    const weeks = weeksOf('2026-10', OSLO);
    expect(weeks && [wallIso(weeks.from, OSLO), wallIso(weeks.to, OSLO)]).toEqual([
      '2026-09-28T00:00',
      '2026-11-02T00:00',
    ]);
    const month = monthOf('2026-10', { zone: OSLO, now: NOW, known: null });
    expect(month?.days.map(({ iso }) => iso)).toHaveLength(35);
    expect(new Set(month?.days.map(({ iso }) => iso)).size).toBe(35);
    expect(month).toMatchObject({ title: 'October 2026', previous: '2026-09', next: '2026-11' });
  });
  it('ends with the present, and says which days are not complete', () => {
    const at = (day: number): number => Date.UTC(2026, 10, day - 1, 23);
    const slots = [
      { from: at(16), to: at(17), share: 0.99, missing: 1 },
      { from: at(17), to: at(18), share: null, missing: 0 },
    ];
    const month = monthOf('2026-11', { zone: OSLO, now: NOW, known: { share: 0.99, slots } });
    expect(month?.next).toBeNull();
    expect(month?.days.filter((day) => day.incomplete).map((day) => day.name)).toEqual([
      'Mon 16 Nov 2026, not complete',
    ]);
    expect(month?.days.find((day) => !day.future)?.iso).toBe('2026-10-26');
    expect(month?.days.findLast((day) => !day.future)?.iso).toBe('2026-11-17');
  });
  it.each(['', '2026-13', '2026-00', '2026-1', 'x'])('is not "%s"', (text) => {
    expect(weeksOf(text, OSLO)).toBeNull();
  });
});

describe('days that were picked', () => {
  const redirectOf = (query: string): string => {
    const url = new URL(`http://portal/use/sessions?${query}`);
    try {
      const { bar } = reportRange({ url, accountZone: OSLO, now: NOW, fallback: '7d', drop: [] });
      return `refused ${bar.refused ?? ''}`;
    } catch (cause) {
      return (cause as { location: string }).location;
    }
  };
  it('lead to the canonical address, the last day included, in either order', () => {
    const target = '/use/sessions?from=2026-11-11T00:00&to=2026-11-18T00:00&user=ida';
    expect(redirectOf('first=2026-11-11&last=2026-11-17&user=ida')).toBe(target);
    expect(redirectOf('first=2026-11-17&last=2026-11-11&user=ida&range=7d')).toBe(target);
  });
  it('may be one', () => {
    const target = '/use/sessions?from=2026-11-17T00:00&to=2026-11-18T00:00';
    expect(redirectOf('first=2026-11-17&last=')).toBe(target);
    expect(redirectOf('first=2026-11-17&last=2026-11-17')).toBe(target);
  });
  it('are refused when they are no days', () => {
    expect(redirectOf('first=soon&last=2026-11-17')).toBe('refused 2026-11-17 to soon');
  });
});

import { describe, expect, it } from 'vitest';
import { wallIso } from '#lib/format/zone.ts';
import { presetRange, readRange, shiftRange, zoomOf, zoomRange } from './range.ts';
import { readRangeText } from './range-text.ts';

const OSLO = 'Europe/Oslo';
const NOW = Date.UTC(2026, 10, 18, 13, 32);
const words = (span: { from: number; to: number } | null): string | null =>
  span === null ? null : `${wallIso(span.from, OSLO)} ${wallIso(span.to, OSLO)}`;

describe('a typed range', () => {
  it.each([
    ['17 Nov', '2026-11-17T00:00 2026-11-18T00:00'],
    ['Tue 17 Nov 2026', '2026-11-17T00:00 2026-11-18T00:00'],
    ['last Tuesday 8-12', '2026-11-17T08:00 2026-11-17T12:00'],
    ['2026-W47', '2026-11-16T00:00 2026-11-23T00:00'],
    ['11 Nov to 17 Nov 2026', '2026-11-11T00:00 2026-11-18T00:00'],
    ['yesterday', '2026-11-17T00:00 2026-11-18T00:00'],
    ['17 Nov, 06:00 to 20:00', '2026-11-17T06:00 2026-11-17T20:00'],
    ['8-12', '2026-11-18T08:00 2026-11-18T12:00'],
    ['7 days', '2026-11-12T00:00 2026-11-19T00:00'],
    ['2026-10', '2026-10-01T00:00 2026-11-01T00:00'],
    ['24 Dec', '2025-12-24T00:00 2025-12-25T00:00'],
  ])('understands "%s"', (text, expected) => {
    expect(words(readRangeText(text, NOW, OSLO))).toBe(expected);
  });
  it.each(['', 'soon', '17 Nov to', '32 Nov', '12-8', '17 Nov to 11 Nov'])('refuses "%s"', (text) => {
    expect(readRangeText(text, NOW, OSLO)).toBeNull();
  });
});

describe('the range of an address', () => {
  const read = (query: string) => readRange(new URLSearchParams(query), NOW, OSLO, 'today');
  it('is absolute in wall time of the zone', () => {
    expect(words(read('from=2026-11-17T06:00&to=2026-11-17T20:00'))).toBe(
      '2026-11-17T06:00 2026-11-17T20:00',
    );
  });
  it('stays relative by name', () => {
    expect(read('range=7d')).toMatchObject({ preset: '7d' });
    expect(words(read('range=quarter'))).toBe('2026-10-01T00:00 2026-11-19T00:00');
  });
  it('falls back when it cannot be read or is the wrong way round', () => {
    expect(read('from=x&to=y').preset).toBe('today');
    expect(read('from=2026-11-17T06:00&to=2026-11-16T06:00').preset).toBe('today');
  });
});

describe('zoom', () => {
  it('has four steps that hold the instant', () => {
    for (const zoom of ['90d', 'week', 'day', 'hour'] as const) {
      const range = zoomRange(zoom, NOW, OSLO);
      expect(zoomOf(range)).toBe(zoom);
      expect(range.from).toBeLessThanOrEqual(NOW);
      expect(range.to).toBeGreaterThan(NOW);
    }
  });
  it('moves whole days by whole days across a change-over', () => {
    const day = presetRange('today', Date.UTC(2026, 9, 25, 12), OSLO);
    expect(words(shiftRange(day, 1, OSLO))).toBe('2026-10-26T00:00 2026-10-27T00:00');
    expect(words(shiftRange(day, -1, OSLO))).toBe('2026-10-24T00:00 2026-10-25T00:00');
  });
});

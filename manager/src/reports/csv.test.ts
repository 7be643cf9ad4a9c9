import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csvLine, isoInZone } from './csv.ts';

test('a cell with quotes, commas or line ends is one cell', () => {
  expect(csvLine(['a,b', 'say "x"', 'two\nlines', 3, null])).toBe('"a,b","say ""x""","two\nlines",3,\r\n');
});

test('text that a spreadsheet would run stays text', () => {
  expect(csvLine(['=1+1', '+1', '-1', '@x', '\t=1'])).toBe("'=1+1,'+1,'-1,'@x,'\t=1\r\n");
  expect(csvLine([-1])).toBe('-1\r\n');
});

test('an instant carries the offset of its zone, also over change-over days and in half-hour zones', () => {
  const at = Date.UTC(2026, 9, 25, 0, 30, 0, 7);
  expect(isoInZone(at, 'Europe/Berlin')).toBe('2026-10-25T02:30:00.007+02:00');
  expect(isoInZone(at + 3_600_000, 'Europe/Berlin')).toBe('2026-10-25T02:30:00.007+01:00');
  expect(isoInZone(at, 'Asia/Kathmandu')).toBe('2026-10-25T06:15:00.007+05:45');
  expect(isoInZone(at, 'UTC')).toBe('2026-10-25T00:30:00.007+00:00');
  expect(isoInZone(null, 'UTC')).toBeNull();
});

test('whatever the zone, the text names the same instant', () => {
  const zones = fc.constantFrom(
    'UTC',
    'Asia/Kolkata',
    'Australia/Lord_Howe',
    'America/New_York',
    'Europe/Berlin',
  );
  fc.assert(
    fc.property(fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }), zones, (at, zone) => {
      expect(Date.parse(String(isoInZone(at, zone)))).toBe(at);
    }),
  );
});

import type { ConcurrentUse, UsePoint } from '@process-meter/contract';
import { expect, it } from 'vitest';
import { plotSpan } from './plot-span.ts';
import { tableRows } from './table-rows.ts';

const HOUR = 3_600_000;
const DAY = Date.UTC(2026, 10, 17);
const point = (hour: number, active: number): UsePoint => ({
  at: DAY + hour * HOUR,
  active,
  inactive: 0,
  timeout: 0,
  peak: active,
  activeMs: active * HOUR,
  inactiveMs: 0,
  timeoutMs: 0,
  lengthMs: HOUR,
});
const report = (points: UsePoint[], until = DAY + 24 * HOUR) =>
  ({
    from: DAY,
    to: DAY + 24 * HOUR,
    zone: 'UTC',
    until,
    points,
    table: points,
    completeness: { share: 1, slots: [{ from: DAY, to: DAY + 24 * HOUR, share: 0.5, missing: 1 }] },
  }) as unknown as ConcurrentUse;

it('draws today from an hour before the first use and four hours at least', () => {
  expect(plotSpan(report([point(9, 1), point(17, 1)]), true)).toEqual({
    from: DAY + 8 * HOUR,
    to: DAY + 20 * HOUR,
  });
  expect(plotSpan(report([point(9, 1)]), true)).toEqual({ from: DAY + 8 * HOUR, to: DAY + 12 * HOUR });
  expect(plotSpan(report([point(9, 0)]), true)).toEqual({ from: DAY, to: DAY + 24 * HOUR });
  expect(plotSpan(report([point(9, 1)]), false)).toEqual({ from: DAY, to: DAY + 24 * HOUR });
});

it('divides the average of the running step by the time it has lasted', () => {
  const half = { ...point(9, 2), activeMs: HOUR };
  const { rows } = tableRows(report([half], DAY + 9.5 * HOUR), false);
  expect(rows[0]).toMatchObject({ active: 2, open: 2, peak: 2, known: 0.5 });
});

it('lists only steps with something open and says how many there are', () => {
  const { rows, all } = tableRows(report([point(8, 0), point(9, 1)]), false);
  expect(rows).toHaveLength(1);
  expect(all).toBe(2);
});

import { expect, test } from 'vitest';
import { restAfter } from './rest.ts';

test('work stays a twentieth of the time, within its bounds', () => {
  const bounds = { least: 1000, most: 5000 };
  expect(restAfter(5, bounds)).toBe(1000);
  expect(restAfter(100, bounds)).toBeCloseTo(1900, 6);
  expect(restAfter(10_000, bounds)).toBe(5000);
});

test('half of the time is a rest as long as the work', () => {
  expect(restAfter(3000, { least: 0, most: 5000, share: 0.5 })).toBe(3000);
});

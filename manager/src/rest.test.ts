import { expect, test } from 'vitest';
import { restAfter } from './rest.ts';

test('work stays a twentieth of the time, within its bounds', () => {
  const bounds = { least: 1000, most: 5000 };
  expect(restAfter(5, bounds)).toBe(1000);
  expect(restAfter(100, bounds)).toBe(2000);
  expect(restAfter(10_000, bounds)).toBe(5000);
});

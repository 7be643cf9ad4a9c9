import { expect, test } from 'vitest';
import { checkedRange } from './range.ts';

const DAY = 86_400_000;

test('a range may be as long as allowed, and neither empty nor longer', () => {
  expect(checkedRange({ from: 5, to: 5 + 2 * DAY }, 2)).toEqual({ from: 5, to: 5 + 2 * DAY });
  expect(() => checkedRange({ from: 5, to: 6 + 2 * DAY }, 2)).toThrow('longer than 2 days');
  expect(() => checkedRange({ from: 5, to: 5 }, 2)).toThrow('ends before it begins');
  expect(() => checkedRange({ from: 5, to: 4 }, 2)).toThrow('ends before it begins');
});

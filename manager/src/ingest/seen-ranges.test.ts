import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contains, fromMultirange, subtract, toMultirange, union, type Range } from './seen-ranges.ts';

const range = fc
  .tuple(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 0, max: 12 }))
  .map(([a, n]): Range => [a, a + n]);
const numbers = (ranges: readonly Range[]): Set<number> =>
  new Set(ranges.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)));

test('ranges behave as sets of numbers', () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), range, (parts, wanted) => {
      const seen = union([], parts);
      const set = numbers(parts);
      expect(numbers(seen)).toEqual(set);
      expect(numbers(subtract(wanted, seen))).toEqual(
        new Set([...numbers([wanted])].filter((n) => !set.has(n))),
      );
      for (let n = 0; n < 80; n += 1) expect(contains(seen, n)).toBe(set.has(n));
      seen.slice(1).forEach(([first], i) => expect(first).toBeGreaterThan(seen[i]![1] + 1));
    }),
  );
});

test('the text form of PostgreSQL is read back', () => {
  expect(
    toMultirange([
      [1, 3],
      [7, 8],
    ]),
  ).toBe('{[1,3],[7,8]}');
  expect(fromMultirange('{[1,4),[7,9)}')).toEqual([
    [1, 3],
    [7, 8],
  ]);
  expect(fromMultirange('{}')).toEqual([]);
});

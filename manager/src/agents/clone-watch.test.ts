import { expect, test } from 'vitest';
import { CloneWatch } from './clone-watch.ts';

const SECOND = 1000;
/** Words of agents with one key: seconds and epoch. @returns the seconds at which a clone was noticed */
const noticed = (words: readonly (readonly [second: number, epoch: number])[]): number[] => {
  const watch = new CloneWatch();
  return words.filter(([second, epoch]) => watch.hear('a', epoch, second * SECOND)).map(([second]) => second);
};

test('one agent that is restarted, loses its outbox, or speaks late is no clone', () => {
  expect(
    noticed([
      [0, 1],
      [30, 1],
      [60, 2],
      [90, 2],
      [120, 3],
    ]),
  ).toEqual([]);
  expect(
    noticed([
      [0, 1],
      [30, 2],
      [31, 1],
      [60, 2],
    ]),
  ).toEqual([]);
});

test('two agents with one key are noticed when the older is heard beside the newer, and as long as it is', () => {
  expect(
    noticed([
      [0, 1],
      [10, 2],
      [30, 1],
      [40, 2],
      [60, 1],
    ]),
  ).toEqual([30, 60]);
});

test('an agent that was away for long and comes back beside nobody is no clone', () => {
  expect(
    noticed([
      [0, 1],
      [30, 2],
      [60, 2],
      [800, 1],
      [830, 1],
    ]),
  ).toEqual([]);
});

test('agents with keys of their own are not compared', () => {
  const watch = new CloneWatch();
  watch.hear('a', 1, 0);
  watch.hear('b', 2, 0);
  expect(watch.hear('a', 1, 60 * SECOND)).toBe(false);
});

test('two that began in the same millisecond are noticed', () => {
  expect(
    noticed([
      [0, 1],
      [0, 2],
      [30, 1],
      [30, 2],
    ]),
  ).toEqual([30, 30]);
});

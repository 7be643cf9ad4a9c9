import { expect, test } from 'vitest';
import { useToWrite } from './use.ts';

const now = Date.UTC(2026, 10, 30, 12);
const written = (figure: number, secondsAgo: number) => ({
  inUse: figure,
  observedAt: new Date(now - secondsAgo * 1000).toISOString(),
});

test.each([
  ['the first figures are written', undefined, 5, 5],
  ['figures that moved are not written within a minute', written(5, 59), 6, 5],
  ['after a minute they are', written(5, 60), 6, 6],
  ['one more of a thousand is not worth it', written(1000, 600), 1001, 1000],
  ['two in a hundred are', written(1000, 600), 1020, 1020],
  ['a status that is damaged is written anew', { inUse: 5, observedAt: 'yesterday' }, 5, 5],
])('%s', (_what, before, counted, expected) => {
  expect(
    useToWrite(before, { figures: { inUse: counted }, at: now }, { now, everyMs: 60_000 })['inUse'],
  ).toBe(expected);
});

test('an instant alone is no reason to write', () => {
  const before = written(5, 3600);
  expect(useToWrite(before, { figures: { inUse: 5 }, at: now }, { now, everyMs: 60_000 })).toEqual(before);
});

import { expect, test } from 'vitest';
import { day, duration, durationMs } from './fields.ts';

test.each([
  ['90s', 90_000],
  ['1h30m', 5_400_000],
  ['250ms', 250],
  ['1m0s', 60_000],
])('%s is %i ms', (text, ms) => expect(durationMs(text)).toBe(ms));

test.each(['60', '1d', '-1m', '1.5h', '1m ', ''])('%j is no duration', (text) =>
  expect(duration('wait', { from: '1s', to: '24h' }, 'x').safeParse(text).success).toBe(false),
);

test('a duration at its bounds is taken, beyond them it is not', () => {
  const schema = duration('wait', { from: '1s', to: '1h' }, 'x');
  for (const good of ['1s', '1000ms', '60m']) expect(schema.safeParse(good).success).toBe(true);
  for (const bad of ['999ms', '60m1ms']) {
    expect(schema.safeParse(bad).error?.issues[0]?.message).toBe('wait must be between 1s and 1h');
  }
});

test('only days of the calendar are days', () => {
  expect(day('x').safeParse('2028-02-29').success).toBe(true);
  for (const bad of ['2026-02-29', '2026-13-01', '26-01-01'])
    expect(day('x').safeParse(bad).success).toBe(false);
});

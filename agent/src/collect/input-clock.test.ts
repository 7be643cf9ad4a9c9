import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputClock } from './input-clock.ts';

test('one input keeps its instant however late the answers come and however the timeline is drawn to the wall clock', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 45 }), { minLength: 1, maxLength: 90 }), (delays) => {
      const clock = new InputClock();
      const seen = delays.map((delay, i) => {
        const monotonic = 10_000 + i * 1000;
        // The timeline gains one per cent; the answer is taken `delay` ms after the question.
        return clock.read({ monotonic, at: monotonic * 1.01 }, monotonic + delay - 9000);
      });
      expect(new Set(seen).size).toBe(1);
    }),
  );
});

test('the next input is a new one', () => {
  const clock = new InputClock();
  expect(clock.read({ monotonic: 1000, at: 501_000 }, 200)).toBe(500_800);
  expect(clock.read({ monotonic: 2000, at: 502_000 }, 1190)).toBe(500_800);
  expect(clock.read({ monotonic: 2250, at: 502_250 }, 10)).toBe(502_240);
});

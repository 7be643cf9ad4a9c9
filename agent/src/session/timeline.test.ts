import { CAUSE } from '@process-meter/contract';
import { expect, test } from 'vitest';
import { CLOCK_TOLERANCE_MS, STALL_MS, createTimeline, type ClockReading } from './timeline.ts';

const HOUR = 3_600_000;
const first: ClockReading = { wall: 1_800_000_000_000, monotonic: 5000, boot: 9000 };
const later = (
  { wall, monotonic, boot }: ClockReading,
  passed: { wall: number; monotonic: number; boot: number },
): ClockReading => ({
  wall: wall + passed.wall,
  monotonic: monotonic + passed.monotonic,
  boot: boot === null ? null : boot + passed.boot,
});
const blind = { ...first, boot: null };

test.for([
  ['a second', first, { wall: 1000, monotonic: 1000, boot: 1000 }, null],
  ['a late tick', first, { wall: STALL_MS, monotonic: STALL_MS, boot: STALL_MS }, null],
  ['a stall', first, { wall: STALL_MS + 1, monotonic: STALL_MS + 1, boot: STALL_MS + 1 }, CAUSE.stalled],
  ['an hour of sleep', first, { wall: HOUR, monotonic: 1000, boot: HOUR }, CAUSE.suspended],
  ['a short sleep', first, { wall: 4000, monotonic: 1000, boot: 4000 }, CAUSE.suspended],
  ['sleep while the clock was set back', first, { wall: 1000, monotonic: 1000, boot: HOUR }, CAUSE.suspended],
  ['a clock set an hour ahead', first, { wall: HOUR + 1000, monotonic: 1000, boot: 1000 }, CAUSE.clockStep],
  ['a clock set an hour back', first, { wall: 1000 - HOUR, monotonic: 1000, boot: 1000 }, CAUSE.clockStep],
  ['a jump ahead without a boot clock', blind, { wall: HOUR, monotonic: 1000, boot: 0 }, CAUSE.suspended],
  ['a jump back without a boot clock', blind, { wall: -HOUR, monotonic: 1000, boot: 0 }, CAUSE.clockStep],
  [
    'a difference within the tolerance',
    first,
    { wall: 1000 + CLOCK_TOLERANCE_MS, monotonic: 1000, boot: 1000 },
    null,
  ],
] as const)('%s is seen as what it is', ([, from, passed, cause]) => {
  const timeline = createTimeline(from);
  const now = later(from, passed);
  expect(timeline.interruption(now)).toBe(cause);
  const tick = timeline.tick(now);
  expect(tick.interruption).toBe(cause);
  if (cause !== null) expect(tick.at).toBe(now.wall);
});

test('asking for an interruption takes no tick', () => {
  const timeline = createTimeline(first);
  const now = later(first, { wall: HOUR, monotonic: 1000, boot: HOUR });
  timeline.interruption(now);
  expect(timeline.tick(now).interruption).toBe(CAUSE.suspended);
  expect(timeline.tick(later(now, { wall: 1000, monotonic: 1000, boot: 1000 })).interruption).toBeNull();
});

test.for([-1400, 1400])('a wall clock that is %i ms away is followed by at most one per cent', (away) => {
  const timeline = createTimeline(first);
  let now = later(first, { wall: away, monotonic: 0, boot: 0 });
  let last = timeline.tick(now).at;
  expect(last).toBe(first.wall);
  for (let tick = 0; tick < 200; tick += 1) {
    now = later(now, { wall: 1000, monotonic: 1000, boot: 1000 });
    const { at } = timeline.tick(now);
    expect(Math.abs(at - last - 1000)).toBeLessThanOrEqual(10);
    last = at;
  }
  expect(last).toBe(now.wall);
});

test('an event between two ticks is never before the last tick, whatever the wall clock says', () => {
  const timeline = createTimeline(first);
  const { at } = timeline.tick(later(first, { wall: 1000, monotonic: 1000, boot: 1000 }));
  expect(timeline.instant(later(first, { wall: -HOUR, monotonic: 1400, boot: 1400 }))).toBeGreaterThanOrEqual(
    at,
  );
  expect(timeline.instant(later(first, { wall: 900, monotonic: 900, boot: 900 }))).toBeGreaterThanOrEqual(at);
});

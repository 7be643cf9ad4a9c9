import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeMinutes, decodeMinuteTimes } from './minutes.ts';
import { MINUTE_MS, QUARTER_MS } from './quarter.ts';
import { sweepQuarters, type QuarterUse } from './sweep.ts';
import { UseBuffer } from './use-buffer.ts';

interface Segment {
  session: number;
  started: number;
  ended: number;
  state: number;
}

const BASE = 1_780_000_200_000 - (1_780_000_200_000 % QUARTER_MS);
const FIRST = BASE / QUARTER_MS;

const bufferOf = (segments: readonly Segment[]): UseBuffer => {
  const use = new UseBuffer();
  for (const { session, ...span } of segments)
    use.push({ agent: session % 2, session: BigInt(session) }, span, false);
  return use;
};

/** Brute force: looks at every elementary interval between any two changes, with no sweep and no merging. */
function bruteForce(
  segments: readonly Segment[],
  quarter: number,
): Omit<QuarterUse, 'starts' | 'minutes' | 'minuteMs'> & { counts: number[]; times: number[] } {
  const from = quarter * QUARTER_MS;
  const to = from + QUARTER_MS;
  const cuts = [...new Set([from, to, ...segments.flatMap((s) => [s.started, s.ended])])]
    .filter((at) => at >= from && at <= to)
    .toSorted((a, b) => a - b);
  const ms = [0, 0, 0, 0];
  const peaks = [0, 0, 0, 0];
  let peakOpen = 0;
  let peakAt = 0;
  let peakMs = 0;
  let running = false;
  const times = Array.from({ length: 45 }, () => 0);
  cuts.slice(0, -1).forEach((start, i) => {
    const end = cuts[i + 1]!;
    const states = new Map<number, number>();
    for (const s of segments) {
      if (s.started <= start && s.ended >= end)
        states.set(s.session, Math.min(states.get(s.session) ?? 9, s.state));
    }
    const counts = [0, 0, 0, 0];
    for (const state of states.values()) counts[state]! += 1;
    for (const state of [1, 2, 3]) {
      ms[state]! += counts[state]! * (end - start);
      for (let minute = 0; minute < 15; minute += 1) {
        const begins = from + minute * MINUTE_MS;
        const inside = Math.max(0, Math.min(end, begins + MINUTE_MS) - Math.max(start, begins));
        times[(state - 1) * 15 + minute]! += counts[state]! * inside;
      }
      peaks[state] = Math.max(peaks[state]!, counts[state]!);
    }
    if (states.size > peakOpen) {
      peakOpen = states.size;
      peakAt = start;
      peakMs = end - start;
      running = true;
    } else if (states.size === peakOpen && running) peakMs += end - start;
    else if (states.size < peakOpen) running = false;
  });
  const counts: number[] = [];
  for (const state of [1, 2, 3]) {
    for (let minute = 0; minute < 15; minute += 1) {
      const start = from + minute * MINUTE_MS;
      const best = new Map<number, number>();
      for (const s of segments) {
        const overlaps = s.ended > s.started && s.started < start + MINUTE_MS && s.ended > start;
        if (overlaps)
          best.set(s.session, Math.min(best.get(s.session) ?? 9, bestIn(segments, s.session, start)));
      }
      counts.push([...best.values()].filter((value) => value === state).length);
    }
  }
  const sessions = new Set(
    segments.filter((s) => s.ended > s.started && s.started < to && s.ended > from).map((s) => s.session),
  ).size;
  return {
    quarter,
    msActive: ms[1]!,
    msInactive: ms[2]!,
    msTimeout: ms[3]!,
    peakOpen,
    peakActive: peaks[1]!,
    peakInactive: peaks[2]!,
    peakTimeout: peaks[3]!,
    peakAt,
    peakMs,
    sessions,
    counts,
    times,
  };
}

/** A session's most active state at any instant of a minute; at an instant it is the most active of its documents. */
function bestIn(segments: readonly Segment[], session: number, start: number): number {
  return Math.min(
    ...segments
      .filter(
        (s) =>
          s.session === session && s.ended > s.started && s.started < start + MINUTE_MS && s.ended > start,
      )
      .map((s) => s.state),
  );
}

const segment = fc
  .record({
    session: fc.integer({ min: 0, max: 5 }),
    started: fc.integer({ min: -QUARTER_MS, max: 3 * QUARTER_MS }),
    length: fc.oneof(fc.integer({ min: 0, max: 90_000 }), fc.integer({ min: 0, max: 2 * QUARTER_MS })),
    state: fc.integer({ min: 1, max: 3 }),
    snap: fc.boolean(),
  })
  .map(({ session, started, length, state, snap }) => {
    // Half of the edges fall on whole minutes, where off-by-one errors live.
    const at = (value: number): number => BASE + (snap ? Math.round(value / MINUTE_MS) * MINUTE_MS : value);
    return { session, state, started: at(started), ended: Math.max(at(started), at(started + length)) };
  });

test('the sweep equals a brute force over elementary intervals, for any segments', () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 25 }), (segments) => {
      const swept = new Map(
        sweepQuarters(bufferOf(segments), FIRST, FIRST + 2).map((use) => [use.quarter, use]),
      );
      for (let quarter = FIRST; quarter <= FIRST + 2; quarter += 1) {
        const { counts, times, ...wanted } = bruteForce(segments, quarter);
        const use = swept.get(quarter);
        if (wanted.peakOpen === 0) {
          expect(use).toBeUndefined();
          continue;
        }
        const { minutes, minuteMs, starts: _, ...got } = use!;
        expect(got).toEqual(wanted);
        const decoded = decodeMinutes(minutes);
        expect([...decoded.active, ...decoded.inactive, ...decoded.timeout]).toEqual(counts);
        const exact = decodeMinuteTimes(minuteMs);
        expect([...exact.active, ...exact.inactive, ...exact.timeout]).toEqual(times);
      }
    }),
    { numRuns: 300 },
  );
});

test('the order in which segments come does not matter', () => {
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 15 }), (segments) => {
      const there = sweepQuarters(bufferOf(segments), FIRST, FIRST + 2);
      const back = sweepQuarters(bufferOf(segments.toReversed()), FIRST, FIRST + 2);
      expect(back).toEqual(there);
    }),
    { numRuns: 100 },
  );
});

test('a session that starts counts as a start in its quarter only', () => {
  const use = new UseBuffer();
  use.push({ agent: 1, session: 1n }, { started: BASE + 1000, ended: BASE + 2 * QUARTER_MS, state: 1 }, true);
  const quarters = sweepQuarters(use, FIRST, FIRST + 1);
  expect(quarters.map((quarter) => [quarter.sessions, quarter.starts])).toEqual([
    [1, 1],
    [1, 0],
  ]);
});

import { expect, test } from 'vitest';
import { afterRound, firstLeft, READY, scopeAt } from './pace.ts';
import { QUARTER_MS } from './quarter.ts';

const BASE = Date.UTC(2026, 5, 1, 8);

test('a long round of all quarters rests long, and past quarters are rolled meanwhile', () => {
  expect(scopeAt(READY, 0)).toBe('all');
  const pace = afterRound(READY, 'all', { began: 0, ended: 1000, leastMs: 50 });
  expect(scopeAt(pace, 1249)).toBeNull();
  expect(scopeAt(pace, 1250)).toBe('past');
  expect(scopeAt(pace, 10_001)).toBe('all');
});

test('rounds of past quarters do not put off the round of all', () => {
  const long = afterRound(READY, 'all', { began: 0, ended: 1000, leastMs: 50 });
  const pace = afterRound(long, 'past', { began: 2000, ended: 6000, leastMs: 50 });
  expect(pace).toEqual({ all: long.all, past: 7000 });
});

test('a rest is never longer than a minute, and never shorter than the least', () => {
  expect(afterRound(READY, 'all', { began: 0, ended: 900_000, leastMs: 50 })).toEqual({
    all: 960_000,
    past: 960_000,
  });
  expect(afterRound(READY, 'all', { began: 0, ended: 1, leastMs: 50 })).toEqual({ all: 51, past: 51 });
});

test('the running quarter and the one before it are left to rounds of all', () => {
  const running = BASE / QUARTER_MS;
  expect(firstLeft('all', BASE)).toBeNull();
  expect(firstLeft('past', BASE)).toBe(running - 1);
  expect(firstLeft('past', BASE + QUARTER_MS - 1)).toBe(running - 1);
  expect(firstLeft('past', BASE + QUARTER_MS)).toBe(running);
});

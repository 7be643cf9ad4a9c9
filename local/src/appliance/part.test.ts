import { expect, test } from 'vitest';
import { keepRunning, type Part } from './part.ts';

const PERIOD_MS = 10_000;

/**
 * A part whose ends are in the test's hand, on a clock that only sleeping moves.
 * @param looks what its probe finds one after the other; the next look has no answer
 */
function bench({ failingStarts = [], looks = [] }: { failingStarts?: number[]; looks?: boolean[] } = {}) {
  const found = looks.values();
  const said: string[] = [];
  const slept: number[] = [];
  const crashes: (() => void)[] = [];
  let starts = 0;
  let stops = 0;
  let time = 0;
  const part: Part = {
    name: 'ingest',
    async start() {
      starts += 1;
      if (failingStarts.includes(starts)) throw new Error(`start ${starts} failed`);
      const end = Promise.withResolvers<void>();
      crashes.push(end.resolve);
      const healthy = async (): Promise<boolean> => found.next().value ?? new Promise(() => undefined);
      return {
        ended: end.promise,
        probe: { healthy, periodMs: PERIOD_MS, failureThreshold: 3 },
        async stop() {
          stops += 1;
          end.resolve();
        },
      };
    },
  };
  const deps = {
    say: (line: string) => void said.push(line),
    now: () => time,
    sleep: async (ms: number) => {
      slept.push(ms);
      time += ms;
    },
  };
  return { part, deps, said, slept, crashes, starts: () => starts, stops: () => stops };
}

test('a part that crashes is started again, each time after twice the wait', async () => {
  const b = bench();
  const kept = await keepRunning(b.part, b.deps);
  for (let crash = 1; crash <= 3; crash += 1) {
    b.crashes.at(-1)?.();
    await expect.poll(() => b.starts()).toBe(crash + 1);
    await expect.poll(() => kept.runs()).toBe(true);
  }
  expect(b.slept.filter((ms) => ms !== PERIOD_MS)).toEqual([500, 1000, 2000]);
  await kept.stop();
});

test('a start that fails after a crash is told and tried again', async () => {
  const b = bench({ failingStarts: [2] });
  const kept = await keepRunning(b.part, b.deps);
  b.crashes[0]?.();
  await expect.poll(() => b.starts()).toBe(3);
  expect(b.said).toContain('ingest: start 2 failed');
  await kept.stop();
});

test('a part that runs without doing its work is ended and started again, once it was seen so three times in a row', async () => {
  const b = bench({ looks: [false, false, true, false, false, false, true] });
  const kept = await keepRunning(b.part, b.deps);
  await expect.poll(() => b.starts()).toBe(2);
  await expect.poll(() => b.slept.length).toBe(9);
  expect(b.stops()).toBe(1);
  expect(b.slept).toEqual([...Array<number>(6).fill(PERIOD_MS), 500, PERIOD_MS, PERIOD_MS]);
  expect(b.said).toEqual(['ingest is not healthy; starting it again in 0.5 s', 'ingest runs again']);
  await kept.stop();
  expect(b.starts()).toBe(2);
});

test('a part that fails at its first start fails the caller', async () => {
  const b = bench({ failingStarts: [1] });
  await expect(keepRunning(b.part, b.deps)).rejects.toThrow('start 1 failed');
});

test('a stopped part stays stopped', async () => {
  const b = bench();
  const kept = await keepRunning(b.part, b.deps);
  await kept.stop();
  expect(b.stops()).toBeGreaterThanOrEqual(1);
  expect(b.starts()).toBe(1);
  expect(b.said).toEqual([]);
});

test('a stop does not wait for the back-off of a part that is down', async () => {
  const b = bench();
  const never = new Promise<void>(() => undefined);
  const kept = await keepRunning(b.part, {
    ...b.deps,
    sleep: (ms) => (ms === 500 ? never : b.deps.sleep(ms)),
  });
  b.crashes[0]?.();
  await expect.poll(() => kept.runs()).toBe(false);
  await kept.stop();
  expect(b.starts()).toBe(1);
});

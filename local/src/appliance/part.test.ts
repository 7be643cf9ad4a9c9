import { expect, test } from 'vitest';
import { keepRunning, type Part } from './part.ts';

/** A part whose ends are in the test's hand, on a clock that only sleeping moves. */
function bench(failingStarts: readonly number[] = []) {
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
      return {
        ended: end.promise,
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
  expect(b.slept).toEqual([500, 1000, 2000]);
  await kept.stop();
});

test('a start that fails after a crash is told and tried again', async () => {
  const b = bench([2]);
  const kept = await keepRunning(b.part, b.deps);
  b.crashes[0]?.();
  await expect.poll(() => b.starts()).toBe(3);
  expect(b.said).toContain('ingest: start 2 failed');
  await kept.stop();
});

test('a part that fails at its first start fails the caller', async () => {
  const b = bench([1]);
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

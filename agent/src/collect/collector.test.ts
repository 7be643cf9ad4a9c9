import { agentConfigSchema, CAUSE } from '@process-meter/contract';
import { afterEach, expect, test } from 'vitest';
import type { Platform, WindowSource } from '../platform/platform.ts';
import type { RecordDraft, Sample } from '../session/sample.ts';
import type { ClockReading } from '../session/timeline.ts';
import { Collector } from './collector.ts';

const DAY = 86_400_000;
const eventually = { timeout: 15_000, interval: 50 };
const quiet = { info: () => {}, warn: () => {}, error: () => {}, debug: () => {} };
const running = new Set<Collector>();

afterEach(async () => {
  for (const collector of running) await collector.stop();
  running.clear();
});

/** A desktop whose clocks the test sets, and which nobody uses. */
async function startCollector(): Promise<{
  samples: Sample[];
  records: RecordDraft[];
  set: (change: Partial<ClockReading>) => void;
}> {
  const samples: Sample[] = [];
  const records: RecordDraft[] = [];
  const ahead: ClockReading = { wall: 0, monotonic: 0, boot: 0 };
  const lastInput = performance.now();
  const windows: WindowSource = {
    picture: () => ({ windows: [], focused: null }),
    idle: () => Promise.resolve(performance.now() - lastInput),
    close: () => undefined,
  };
  const platform: Platform = {
    name: 'test',
    desktop: ':0',
    bootId: 'boot',
    openWindows: () => Promise.resolve(windows),
    desktopKind: () => Promise.resolve('x11'),
    processes: { list: () => Promise.resolve([]) },
    onThisDesktop: () => Promise.resolve(false),
    documents: { candidates: () => Promise.resolve([]) },
    packages: { reason: '', ownerOf: () => null },
    openLock: () =>
      Promise.resolve({ reason: '', read: () => Promise.resolve({ locked: false, disconnected: false }) }),
    hookPreflight: () => Promise.reject(new Error('no hook in this test')),
    hookEnvironment: () => ({}),
  };
  const collector = new Collector({
    platform,
    sample: (sample) => void samples.push(sample),
    record: (draft) => void records.push(draft),
    awaitsInput: () => true,
    log: quiet,
    clocks: () => ({
      wall: Date.now() + ahead.wall,
      monotonic: performance.now() + ahead.monotonic,
      boot: performance.now() + (ahead.boot ?? 0),
    }),
  });
  running.add(collector);
  await collector.start();
  collector.configure(agentConfigSchema.parse({ revision: 1, applications: [], hashKey: 'k'.repeat(16) }));
  return { samples, records, set: (change) => void Object.assign(ahead, change) };
}

const ticks = (samples: readonly Sample[]): Extract<Sample, { kind: 'tick' }>[] =>
  samples.filter((sample) => sample.kind === 'tick');

test.for([
  ['set back by a day', { wall: -DAY }, CAUSE.clockStep],
  ['set forward by a day', { wall: DAY }, CAUSE.clockStep],
  ['ahead after ten minutes of sleep', { wall: 600_000, boot: 600_000 }, CAUSE.suspended],
] as const)(
  'clocks %s: one interruption, then samples on the new time, without an input that was none',
  async ([, change, cause]) => {
    const { samples, set } = await startCollector();
    await expect.poll(() => ticks(samples).length, eventually).toBeGreaterThan(2);
    set(change);
    const interruptions = (): Sample[] => samples.filter(({ kind }) => kind === 'interruption');
    await expect.poll(() => interruptions().length, eventually).toBeGreaterThan(0);
    const after = (): Extract<Sample, { kind: 'tick' }>[] =>
      ticks(samples.slice(samples.findLastIndex(({ kind }) => kind === 'interruption')));
    await expect.poll(() => after().length, eventually).toBeGreaterThan(5);
    // A busy machine may stall beside that.
    const causes = interruptions().map((sample) => (sample.kind === 'interruption' ? sample.cause : 0));
    expect(causes.filter((found) => found !== CAUSE.stalled)).toEqual([cause]);
    const found = after();
    for (const tick of found) expect(Math.abs(tick.at - Date.now() - change.wall)).toBeLessThan(15_000);
    // The same old input all the time, before every sample and never at it.
    expect(new Set(found.map(({ lastInput }) => lastInput)).size).toBe(1);
    expect(found[0]!.lastInput!).toBeLessThan(found[0]!.at);
  },
);

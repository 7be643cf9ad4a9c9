import { afterEach, expect, test } from 'vitest';
import { Informers } from '../cache/informers.ts';
import { KubeError } from '../kube/errors.ts';
import { createTransport } from '../kube/transport.ts';
import type { KubeObject } from '../kube/object.ts';
import { FakeClock, settle, until } from '../../testing/fake-clock.ts';
import {
  CONFIG_MAPS,
  createMetrics,
  metric,
  testLog,
  widget,
  widgetPath,
  WIDGETS,
} from '../../testing/parts.ts';
import { StubApi } from '../../testing/stub-api.ts';
import type { ControllerOptions } from './controller-types.ts';
import { Controller } from './controller.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const configMapPath = (name: string) => `/api/v1/namespaces/default/configmaps/${name}`;

async function setUp(options: Partial<ControllerOptions> = {}) {
  const api = await new StubApi().start();
  const clock = new FakeClock();
  const metrics = createMetrics();
  const { log, lines } = testLog();
  const deps = { credentials: api.credentials, clock, random: () => 0.5, log, metrics };
  const limits = { perSecond: 1e6, burst: 1e6, inFlight: 8 };
  const transport = createTransport({ ...deps, metrics: metrics.rest }, limits);
  const informers = new Informers({ ...deps, transport, metrics: metrics.informers });
  const stop = new AbortController();
  const passes: { name: string; object: KubeObject | undefined }[] = [];
  const controller = new Controller(
    {
      name: 'widgets',
      resource: WIDGETS,
      reconcile: (key, { object }) => {
        passes.push({ name: key.name, object });
        return Promise.resolve(undefined);
      },
      ...options,
    },
    { ...deps, informers },
  );
  let running: Promise<void> = Promise.resolve();
  closers.push(async () => {
    stop.abort();
    await Promise.all([running, informers.ended(), transport.close(), api.stop()]);
  });
  return {
    api,
    clock,
    controller,
    informers,
    lines,
    metrics,
    passes,
    stop,
    ended: () => running,
    start: async () => {
      informers.start(stop.signal);
      await informers.whenSynced();
      running = controller.run(stop.signal);
    },
  };
}

test('each object has a pass at the start, at each change of intent, and when it is gone; not at its own status', async () => {
  const { api, passes, start } = await setUp();
  api.store.put(widgetPath('one'), widget('one'));
  await start();
  await until('the first pass', () => passes.length === 1 && api.watches.length === 1);
  const stored = api.store.get(widgetPath('one'))!;
  for (let count = 0; count < 5; count += 1) {
    api.store.put(widgetPath('one'), { ...stored, status: { count } });
  }
  api.store.put(widgetPath('one'), { ...stored, status: { count: 5 }, spec: { size: 2 } });
  await until('the change', () => passes.length === 2);
  expect(passes[1]!.object).toMatchObject({ spec: { size: 2 } });
  api.store.delete(widgetPath('one'));
  await until('the end', () => passes.length === 3);
  expect(passes[2]).toEqual({ name: 'one', object: undefined });
});

test('a change of an owned object and of a watched one lead to a pass of the object they concern', async () => {
  const { api, passes, start } = await setUp({
    owns: [{ resource: CONFIG_MAPS }],
    watches: [
      {
        resource: CONFIG_MAPS,
        keys: ({ metadata }) =>
          metadata.labels?.['for'] === undefined
            ? []
            : [{ namespace: 'default', name: metadata.labels['for'] }],
      },
    ],
  });
  api.store.put(widgetPath('one'), widget('one'));
  api.store.put(widgetPath('two'), widget('two'));
  await start();
  await until('passes', () => passes.length === 2);
  await until('watches', () => api.watches.length === 2);
  const owner = { apiVersion: 'example.com/v1', kind: 'Widget', name: 'one', uid: 'u', controller: true };
  const map = (name: string, metadata: object): KubeObject => ({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...metadata },
  });
  api.store.put(configMapPath('owned'), map('owned', { ownerReferences: [owner] }));
  await until('the owner', () => passes.length === 3);
  expect(passes[2]!.name).toBe('one');
  api.store.put(configMapPath('other'), map('other', { ownerReferences: [{ ...owner, kind: 'Gadget' }] }));
  api.store.put(configMapPath('other'), map('other', { ownerReferences: [{ ...owner, controller: false }] }));
  api.store.put(configMapPath('watched'), map('watched', { labels: { for: 'two' } }));
  await until('the watched', () => passes.length === 4);
  expect(passes[3]!.name).toBe('two');
});

test('a pass that throws, whatever it throws, is tried again with backoff and harms no other object', async () => {
  const tries: string[] = [];
  const errors: unknown[] = [
    new TypeError('a bug'),
    'a string',
    new KubeError({ status: 409, message: 'raced' }),
  ];
  const { api, clock, lines, metrics, start } = await setUp({
    reconcile: (key) => {
      tries.push(key.name);
      if (key.name !== 'bad' || errors.length === 0) return Promise.resolve(undefined);
      const error = errors.shift();
      if (error instanceof TypeError) throw error;
      return Promise.reject(error);
    },
  });
  api.store.put(widgetPath('bad'), widget('bad'));
  api.store.put(widgetPath('good'), widget('good'));
  await start();
  await until('both', () => tries.length === 2);
  await until('four tries in all', async () => {
    await clock.advance(100);
    return tries.filter((name) => name === 'bad').length === 4;
  });
  await clock.advance(600_000);
  expect(tries.filter((name) => name === 'bad')).toHaveLength(4);
  expect(tries.filter((name) => name === 'good')).toHaveLength(1);
  expect(await metric(metrics, 'controller_runtime_reconcile_total', { result: 'error' })).toBe(3);
  expect(await metric(metrics, 'controller_runtime_reconcile_panics_total')).toBe(2);
  expect(lines().filter(({ msg }) => msg === 'a pass failed and will be tried again')).toHaveLength(2);
});

test.each([
  [60, 60_000],
  [86_400, 300_000],
])(
  'a pass that the API server tells to come back in %i s waits that long, but no more than 5 min',
  async (seconds, waits) => {
    let count = 0;
    const { api, clock, start } = await setUp({
      reconcile: () => {
        count += 1;
        if (count > 1) return Promise.resolve(undefined);
        const retryAfterMs = seconds * 1000;
        return Promise.reject(new KubeError({ status: 429, message: 'too many', retryAfterMs }));
      },
    });
    api.store.put(widgetPath('one'), widget('one'));
    await start();
    await until('the first', () => count === 1);
    await clock.advance(waits - 1000);
    expect(count).toBe(1);
    await clock.advance(1100);
    expect(count).toBe(2);
  },
);

test('requeueAfterMs brings another pass after that time', async () => {
  let count = 0;
  const { api, clock, start } = await setUp({
    reconcile: () => {
      count += 1;
      return Promise.resolve(count === 1 ? { requeueAfterMs: 10_000 } : undefined);
    },
  });
  api.store.put(widgetPath('one'), widget('one'));
  await start();
  await until('the first', () => count === 1);
  await clock.advance(9_000);
  expect(count).toBe(1);
  await clock.advance(1_100);
  expect(count).toBe(2);
});

test('one key is never in two passes at once, several keys are up to the concurrency', async () => {
  const active = new Map<string, number>();
  let most = 0;
  const releases: (() => void)[] = [];
  const { api, controller, start } = await setUp({
    concurrency: 3,
    reconcile: async ({ name }) => {
      active.set(name, (active.get(name) ?? 0) + 1);
      expect(active.get(name)).toBe(1);
      most = Math.max(most, [...active.values()].filter((count) => count > 0).length);
      await new Promise<void>((resolve) => releases.push(resolve));
      active.set(name, 0);
      return undefined;
    },
  });
  for (const name of ['one', 'two', 'three', 'four', 'five']) api.store.put(widgetPath(name), widget(name));
  await start();
  await until('three passes', () => releases.length === 3);
  controller.enqueue({ namespace: 'default', name: 'one' });
  controller.enqueue({ namespace: 'default', name: 'two' });
  await settle();
  expect(releases).toHaveLength(3);
  let released = 0;
  await until('all', () => {
    for (const release of releases.splice(0)) {
      release();
      released += 1;
    }
    return released === 7;
  });
  expect(most).toBe(3);
});

test('a pass over its time limit is told to end and tried again', async () => {
  const reasons: unknown[] = [];
  const { api, clock, start } = await setUp({
    timeoutMs: 5_000,
    reconcile: (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          reasons.push(signal.reason);
          reject(new Error('ended'));
        }),
      ),
  });
  api.store.put(widgetPath('one'), widget('one'));
  await start();
  await until('it ended', async () => {
    await clock.advance(1_000);
    return reasons.length === 2;
  });
  expect(String(reasons[0])).toMatch(/longer than 5000 ms/);
});

test('stopped, it tells the passes under way, waits for them, and begins no other', async () => {
  let ended = false;
  let begun = 0;
  const {
    api,
    ended: controllerEnded,
    start,
    stop,
  } = await setUp({
    reconcile: async (_, { signal }) => {
      begun += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      await settle();
      ended = true;
      return undefined;
    },
  });
  for (const name of ['one', 'two']) api.store.put(widgetPath(name), widget(name));
  await start();
  await until('it begins', () => begun === 1);
  stop.abort();
  await controllerEnded();
  expect(ended).toBe(true);
  expect(begun).toBe(1);
});

test('a full resync looks at every object again', async () => {
  const { api, clock, passes, start } = await setUp({ resyncMs: 3_600_000 });
  for (const name of ['one', 'two']) api.store.put(widgetPath(name), widget(name));
  await start();
  await until('the start', () => passes.length === 2);
  await clock.advance(3_600_000 * 1.2);
  await until('the resync', () => passes.length === 4);
  expect(passes.slice(2).map(({ name }) => name)).toEqual(['one', 'two']);
});

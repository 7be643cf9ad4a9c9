import { expect, onTestFinished, test } from 'vitest';
import type { ObjectKey } from '../kube/object.ts';
import { FakeClock, until } from '../../testing/fake-clock.ts';
import { CONFIG_MAPS, metric, testLog, widget, widgetPath, WIDGETS } from '../../testing/parts.ts';
import { StubApi } from '../../testing/stub-api.ts';
import type { ReconcileContext } from './controller-types.ts';
import { OperatorManager } from './manager.ts';

const LEASE = '/apis/coordination.k8s.io/v1/namespaces/pm/leases/operator';

async function setUp() {
  const api = await new StubApi().start();
  const clock = new FakeClock();
  const stops: AbortController[] = [];
  const runs: Promise<unknown>[] = [];
  onTestFinished(async () => {
    for (const stop of stops) stop.abort();
    let ended = false;
    void Promise.all(runs).then(() => (ended = true));
    await until('all ended', async () => {
      await clock.advance(1_000);
      return ended;
    });
    await api.stop();
  });
  const start = (
    instance: string,
    reconcile?: (key: ObjectKey, context: ReconcileContext) => Promise<undefined>,
  ) => {
    const { log, lines } = testLog();
    const lost: number[] = [];
    const stop = new AbortController();
    const signal: AbortSignal = stop.signal;
    stops.push(stop);
    const manager = new OperatorManager(
      {
        component: 'example.com/test',
        instance,
        leader: { lease: { namespace: 'pm', name: 'operator' } },
        health: { host: '127.0.0.1', port: 0 },
        limits: { perSecond: 1e6, burst: 1e6, inFlight: 8 },
      },
      {
        credentials: api.credentials,
        clock,
        random: () => 0.5,
        log,
        id: () => 'id',
        onLost: () => void lost.push(clock.monotonic()),
      },
    );
    const passes: string[] = [];
    manager.add({
      name: 'widgets',
      resource: WIDGETS,
      reconcile: async (key, context) => {
        passes.push(key.name);
        if (reconcile !== undefined) return reconcile(key, context);
        const object = {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: key.name, namespace: key.namespace },
        };
        await manager.client.apply(CONFIG_MAPS, { ...object, data: { by: instance } }, { manager: 'test' });
        return undefined;
      },
    });
    const running = manager.run(signal);
    runs.push(running);
    let ended = false;
    void running.then(() => (ended = true));
    const ask = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${manager.healthPort}${path}`);
      return { status: answer.status, text: await answer.text() };
    };
    return {
      hasEnded: () => ended,
      manager,
      passes,
      lost,
      lines,
      running,
      ask,
      stop: () => stop.abort(),
      log,
    };
  };
  const advance = (what: string, holds: () => boolean | Promise<boolean>, stepMs = 500) =>
    until(what, async () => {
      if (await holds()) return true;
      await clock.advance(stepMs);
      return false;
    });
  const holder = () =>
    (api.store.get(LEASE)?.['spec'] as { holderIdentity: string } | undefined)?.holderIdentity;
  const by = (name: string) =>
    (api.store.get(`/api/v1/namespaces/default/configmaps/${name}`)?.['data'] as { by: string } | undefined)
      ?.by;
  return { api, clock, start, advance, holder, by };
}

test('one leads and works, the other stands by with full caches; when the first stops, the second goes on at once', async () => {
  const { api, start, advance, holder, by } = await setUp();
  api.store.put(widgetPath('one'), widget('one'));
  const first = start('first');
  await advance('the first leads and works', () => by('one') === 'first');
  const second = start('second');
  await advance(
    'the second is ready',
    async () => second.manager.healthPort !== undefined && (await second.ask('/readyz')).status === 200,
  );
  expect(second.passes).toEqual([]);
  expect(await metric(first.manager.metrics, 'leader_election_master_status')).toBe(1);
  expect(await metric(second.manager.metrics, 'leader_election_master_status')).toBe(0);
  first.stop();
  await advance('the first has ended', () => first.hasEnded());
  expect(await first.running).toBe('stopped');
  expect(first.lost).toEqual([]);
  expect(holder()).toBe('');
  await advance('the second leads and works', () => by('one') === 'second');
  expect(holder()).toBe('second');
});

test('one that takes over works with what the server has then, although its watch had died unnoticed', async () => {
  const { api, start, advance } = await setUp();
  api.store.put(widgetPath('one'), widget('one', { size: 1 }));
  const first = start('first');
  await advance('the first works', () => first.passes.length > 0);
  const sizes: unknown[] = [];
  const second = start('second', (_, { object }) => {
    sizes.push(object?.['spec']);
    return Promise.resolve(undefined);
  });
  await advance('both watch', () => api.watches.length === 2);
  // From here on nothing reaches anybody by a watch.
  for (const watch of api.watches) Object.assign(watch, { deliver: () => {} });
  api.store.put(widgetPath('one'), widget('one', { size: 2 }));
  first.stop();
  await advance('the second works', () => sizes.length > 0);
  expect(sizes).toEqual([{ size: 2 }]);
  expect(
    await metric(second.manager.metrics, 'process_meter_informer_relists_total', { reason: 'lead' }),
  ).toBe(1);
});

test('one that starts where the lease was deleted waits for its holder only if somebody has worked here', async () => {
  const { api, clock, start, advance } = await setUp();
  api.store.put(widgetPath('one'), { ...widget('one'), status: { ready: true } });
  const startedAt = clock.monotonic();
  const late = start('late');
  await advance('it works', () => late.passes.length > 0);
  expect(clock.monotonic() - startedAt).toBeGreaterThan(15_000);

  const other = await setUp();
  other.api.store.put(widgetPath('one'), widget('one'));
  const early = other.start('early');
  await until('it works', () => early.passes.length > 0);
});

test('a leader that loses its lease says so at once, ends its passes, and writes nothing more', async () => {
  const { api, start, advance } = await setUp();
  api.store.put(widgetPath('one'), widget('one'));
  let begun = false;
  let ended = false;
  const first = start('first', async (_, { signal }) => {
    begun = true;
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    ended = true;
    return undefined;
  });
  await advance('a pass', () => begun);
  api.store.put(LEASE, {
    ...api.store.get(LEASE)!,
    spec: { holderIdentity: 'thief', leaseDurationSeconds: 15 },
  });
  await advance('it says so', () => first.lost.length === 1);
  await advance('it has ended', () => first.hasEnded());
  expect(await first.running).toBe('lost');
  expect(ended).toBe(true);
  const writes = api.writes.length;
  await expect(first.manager.client.create(CONFIG_MAPS, widget('late'))).rejects.toThrow(/does not lead/);
  expect(api.writes).toHaveLength(writes);
});

test('the lease is kept until the passes under way have ended', async () => {
  const { api, clock, start, advance, holder } = await setUp();
  api.store.put(widgetPath('one'), widget('one'));
  let release = () => {};
  let begun = false;
  const first = start('first', async () => {
    begun = true;
    await new Promise<void>((resolve) => (release = resolve));
    return undefined;
  });
  await advance('a pass', () => begun);
  first.stop();
  const renewals = api.writes.length;
  for (let step = 0; step < 16; step += 1) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(holder()).toBe('first');
  expect(api.writes.length).toBeGreaterThan(renewals + 3);
  release();
  await advance('it has ended', () => first.hasEnded(), 10);
  expect(holder()).toBe('');
});

test('it is ready when the caches are full, and unwell when an informer has heard nothing for five minutes', async () => {
  const { api, clock, start, advance } = await setUp();
  api.misbehave = ({ path }) => (path.includes('widgets') ? 'silence' : undefined);
  const { ask, manager, lines } = start('first');
  await until('the server', () => manager.healthPort !== undefined);
  expect(await ask('/readyz')).toMatchObject({ status: 503, text: expect.stringMatching(/caches/) });
  expect(await ask('/healthz')).toMatchObject({ status: 200 });
  for (let second = 0; second < 310; second += 10) await clock.advance(10_000);
  expect(await ask('/healthz')).toMatchObject({ status: 503, text: 'no news of widgets for 5 minutes\n' });
  expect(lines().some(({ msg }) => msg.includes('caches are not filled'))).toBe(true);
  api.misbehave = () => undefined;
  await advance('it is ready', async () => (await ask('/readyz')).status === 200);
  expect((await ask('/healthz')).status).toBe(200);
  const { text } = await ask('/metrics');
  expect(text).toContain('rest_client_requests_total{code="200",method="GET"}');
  expect((await ask('/other')).status).toBe(404);
});

test('in a steady state nothing is written but the lease', async () => {
  const { api, clock, start, advance, by } = await setUp();
  api.store.put(widgetPath('one'), widget('one'));
  start('first');
  await advance('it works', () => by('one') === 'first');
  const before = api.writes.length;
  for (let second = 0; second < 60; second += 1) {
    await clock.advance(1_000);
    await new Promise((resolve) => setTimeout(resolve, 3));
  }
  const written = api.writes.slice(before).filter(({ path }) => path !== LEASE);
  expect(written).toEqual([]);
  expect(api.writes.length).toBeGreaterThan(before + 20);
});

import { expect, test } from 'vitest';
import type { KubeObject } from '../kube/object.ts';
import { until } from '../../testing/fake-clock.ts';
import { CONFIG_MAPS, SECRETS, widget, widgetPath, WIDGETS } from '../../testing/parts.ts';
import { setUpRuntime } from '../../testing/runtime-set-up.ts';
import { Applier, type Desired } from './applier.ts';
import { KEEP_ANNOTATION, OWNER_LABEL } from './labels.ts';

const path = (name: string) => `/api/v1/namespaces/default/configmaps/${name}`;

function map(name: string, data: Record<string, string>, metadata: object = {}): Desired {
  const object: KubeObject = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'default', ...metadata },
    data,
  };
  return { resource: CONFIG_MAPS, object };
}

async function setUp() {
  const runtime = await setUpRuntime();
  const { api, informers, client, signal } = runtime;
  const owner = api.store.put(widgetPath('owner'), widget('owner'));
  const applier = new Applier(
    {
      manager: 'test-manager',
      kinds: [{ resource: CONFIG_MAPS }, { resource: SECRETS }, { resource: WIDGETS }],
    },
    { client, informers },
  );
  await runtime.sync();
  const configMaps = informers.for(CONFIG_MAPS);
  /** The cache has caught up with the stub. */
  const seen = () =>
    until('the cache', () => {
      const stored = api.store.list('/api/v1/configmaps');
      return (
        stored.length === configMaps.list().length &&
        stored.every(
          ({ metadata: { name, resourceVersion } }) =>
            configMaps.get({ namespace: 'default', name })?.metadata.resourceVersion === resourceVersion,
        )
      );
    });
  return {
    ...runtime,
    owner,
    seen,
    apply: (desired: Desired[], by = owner) => applier.apply(by, desired, signal),
  };
}

test('what is missing is applied with force under the fixed manager, marked as owned; then nothing is sent any more', async () => {
  const { api, owner, apply, seen } = await setUp();
  const desired = [map('a', { key: '1' }), map('b', { key: '2' })];
  expect(await apply(desired)).toMatchObject({ written: 2, pruned: 0 });
  const [request] = api.writes;
  expect(request!.headers['content-type']).toBe('application/apply-patch+yaml');
  expect(Object.fromEntries(request!.query)).toEqual({ fieldManager: 'test-manager', force: 'true' });
  const stored = api.store.get(path('a'))!;
  expect(stored.metadata.ownerReferences).toMatchObject([
    { uid: owner.metadata.uid, controller: true, kind: 'Widget' },
  ]);
  expect(stored.metadata.labels).toEqual({ [OWNER_LABEL]: owner.metadata.uid });
  await seen();
  const before = api.requests.length;
  for (let count = 0; count < 10; count += 1)
    expect(await apply(desired)).toMatchObject({ written: 0, pruned: 0 });
  expect(api.requests).toHaveLength(before);
});

test('a field that somebody changed comes back; a field that somebody added stays and causes no write', async () => {
  const { api, apply, seen } = await setUp();
  const desired = [map('a', { key: '1' })];
  await apply(desired);
  const stored = api.store.get(path('a'))!;
  api.store.put(path('a'), { ...stored, data: { key: '1', other: 'theirs' } });
  await seen();
  expect(await apply(desired)).toMatchObject({ written: 0 });
  api.store.put(path('a'), { ...stored, data: { key: 'drifted', other: 'theirs' } });
  await seen();
  expect(await apply(desired)).toMatchObject({ written: 1 });
  expect(api.store.get(path('a'))!['data']).toEqual({ key: '1', other: 'theirs' });
});

test('a field that is no longer wanted is written once, so that the server can let it go', async () => {
  const { api, apply, seen } = await setUp();
  await apply([map('a', { key: '1', old: 'x' })]);
  await seen();
  expect(await apply([map('a', { key: '1' })])).toMatchObject({ written: 1 });
  expect((api.writes.at(-1)!.body as KubeObject)['data']).toEqual({ key: '1' });
  await seen();
  expect(await apply([map('a', { key: '1' })])).toMatchObject({ written: 0 });
});

test('what an owner no longer wants is deleted by its uid; what is kept, foreign or without mark is not', async () => {
  const { api, owner, apply, seen } = await setUp();
  const other = api.store.put(widgetPath('other'), widget('other'));
  await apply([
    map('a', {}),
    map('gone', {}),
    map('kept', {}, { annotations: { [KEEP_ANNOTATION]: 'true' } }),
  ]);
  await apply([map('theirs', {})], other);
  api.store.put(path('by-hand'), map('by-hand', {}).object);
  const stolen = map('stolen', {}, { labels: { [OWNER_LABEL]: owner.metadata.uid } }).object;
  api.store.put(path('stolen'), {
    ...stolen,
    metadata: {
      ...stolen.metadata,
      ownerReferences: [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'other', controller: true }],
    },
  });
  await seen();
  expect(await apply([map('a', {})])).toMatchObject({ written: 0, pruned: 1 });
  const deletes = api.writes.filter(({ method }) => method === 'DELETE');
  expect(deletes.map((request) => request.path)).toEqual([path('gone')]);
  expect(deletes[0]!.body).toMatchObject({
    propagationPolicy: 'Background',
    preconditions: { uid: expect.any(String) },
  });
  const left = api.store.list('/api/v1/configmaps').map(({ metadata }) => metadata.name);
  expect(left.toSorted()).toEqual(['a', 'by-hand', 'kept', 'stolen', 'theirs']);
});

test('a failure leaves what is not yet applied alone and prunes nothing', async () => {
  const { api, apply, seen } = await setUp();
  await apply([map('a', {}), map('b', {})]);
  await seen();
  api.misbehave = ({ path: asked }) => (asked.endsWith('/c') ? { status: 422 } : undefined);
  await expect(apply([map('c', {})])).rejects.toMatchObject({ invalid: true });
  expect(api.store.list('/api/v1/configmaps')).toHaveLength(2);
});

test('a secret, whose content is not cached, is written when what is wanted changes and not otherwise', async () => {
  const { api, apply, informers } = await setUp();
  const secret = (password: string): Desired => ({
    resource: SECRETS,
    object: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 's', namespace: 'default' },
      stringData: { password },
    },
  });
  const version = () =>
    informers.for(SECRETS).get({ namespace: 'default', name: 's' })?.metadata.resourceVersion;
  const seen = () =>
    until(
      'the cache',
      () => version() === api.store.get('/api/v1/namespaces/default/secrets/s')?.metadata.resourceVersion,
    );
  await apply([secret('one')]);
  await seen();
  expect(await apply([secret('one')])).toMatchObject({ written: 0 });
  expect(await apply([secret('two')])).toMatchObject({ written: 1 });
});

test('a kind it was not told of is refused: it could never be pruned', async () => {
  const { apply } = await setUp();
  const gadgets = { ...WIDGETS, plural: 'gadgets', kind: 'Gadget' };
  await expect(apply([{ resource: gadgets, object: widget('g') }])).rejects.toThrow(/not among the kinds/);
});

import { expect, test } from 'vitest';
import { STATEFUL_SETS } from '../resources.ts';
import type { KubeObject } from '../runtime/index.ts';
import { until } from '../testing/fake-clock.ts';
import { setUpRuntime } from '../testing/runtime-set-up.ts';
import { growVolumes } from './volumes.ts';

const SETS = '/apis/apps/v1/namespaces/metering/statefulsets/meter-nats';
const claimPath = (pod: number): string =>
  `/api/v1/namespaces/metering/persistentvolumeclaims/data-meter-nats-${pod}`;
const metadata = (name: string): KubeObject['metadata'] => ({ name, namespace: 'metering' });
const requests = (storage: string): object => ({ resources: { requests: { storage } } });

function set(storage: string, storageClassName = 'fast'): KubeObject {
  const spec = { ...requests(storage), storageClassName };
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: metadata('meter-nats'),
    spec: { replicas: 2, volumeClaimTemplates: [{ metadata: { name: 'data' }, spec }] },
  };
}

function claim(pod: number, storage: string): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata(`data-meter-nats-${pod}`),
    spec: requests(storage),
  };
}

/** Two NATS servers with volumes of 10Gi. */
async function setUp() {
  const { api, client, informers, signal, sync } = await setUpRuntime();
  api.store.put(SETS, set('10Gi'));
  for (const pod of [0, 1]) api.store.put(claimPath(pod), claim(pod, '10Gi'));
  const statefulSets = informers.for(STATEFUL_SETS);
  await sync();
  const grow = (object: KubeObject) =>
    growVolumes(
      { signal },
      { client, statefulSets },
      { desired: [{ resource: STATEFUL_SETS, object }], reason: 'NatsNotReady' },
    );
  return { api, statefulSets, grow };
}

test('a larger size grows the claims, then lets the StatefulSet go without its pods; then there is nothing to do', async () => {
  const { api, statefulSets, grow } = await setUp();
  expect(await grow(set('20Gi'))).toMatchObject({ state: 'wait', reason: 'NatsNotReady' });
  for (const pod of [0, 1]) expect(api.store.get(claimPath(pod))?.['spec']).toEqual(requests('20Gi'));
  const last = api.writes.at(-1);
  expect([last?.method, last?.path, last?.body]).toEqual([
    'DELETE',
    SETS,
    expect.objectContaining({ propagationPolicy: 'Orphan', preconditions: { uid: 'uid-1' } }),
  ]);
  await until('the cache', () => statefulSets.list().length === 0);
  expect(await grow(set('20Gi'))).toBeUndefined();
});

test('as long as the old StatefulSet goes, nothing is made in its place', async () => {
  const { api, statefulSets, grow } = await setUp();
  const deletionTimestamp = '2026-11-30T12:00:00Z';
  api.store.put(SETS, { ...set('10Gi'), metadata: { ...metadata('meter-nats'), deletionTimestamp } });
  await until('the cache', () =>
    statefulSets.list().every((live) => live.metadata.deletionTimestamp === deletionTimestamp),
  );
  expect(await grow(set('20Gi'))).toMatchObject({ state: 'wait' });
  expect(api.writes).toEqual([]);
});

test('the same size in other words, and another class of storage, are no reason to begin', async () => {
  const { api, grow } = await setUp();
  expect(await grow(set('10240Mi'))).toBeUndefined();
  expect(await grow(set('10Gi', 'slow'))).toBeUndefined();
  expect(api.writes).toEqual([]);
});

test('what stops half way is finished the next time', async () => {
  const { api, grow } = await setUp();
  api.store.put(claimPath(0), claim(0, '20Gi'));
  api.misbehave = ({ method, path }) =>
    method === 'PATCH' && path === claimPath(1) ? { status: 403 } : undefined;
  await expect(grow(set('20Gi'))).rejects.toThrow('as the test wants');
  expect(api.store.get(SETS)).toBeDefined();
  api.misbehave = () => undefined;
  await grow(set('20Gi'));
  expect(api.store.get(claimPath(1))?.['spec']).toEqual(requests('20Gi'));
  expect(api.store.get(SETS)).toBeUndefined();
});

import { expect, test } from 'vitest';
import { INSTALLATIONS } from '../golden/installations.ts';
import { SecretReader } from '../platform/secret-reader.ts';
import { RELEASES } from '../release/catalogue.ts';
import { installationOf } from '../render/installation.ts';
import type { KubeObject } from '../runtime/index.ts';
import { setUpRuntime } from '../testing/runtime-set-up.ts';
import { clusterStep } from './cluster.ts';
import { OptionalApis } from './optional-apis.ts';

const GROUP = '/apis/postgresql.cnpg.io/v1';
const CLUSTER = `${GROUP}/namespaces/metering/clusters/meter-postgres`;
const SECRET = '/api/v1/namespaces/metering/secrets/meter-postgres-app';

/** An installation on CloudNativePG, of which the API server serves the kind from the start. */
async function setUp(clusterRef?: { name: string }) {
  const { api, client, clock, informers, signal } = await setUpRuntime();
  const cluster = { served: true };
  api.misbehave = ({ path }) => {
    if (path !== GROUP) return undefined;
    return cluster.served ? { status: 200, body: { resources: [{ name: 'clusters' }] } } : { status: 404 };
  };
  const processMeter = INSTALLATIONS['cloud-native']!;
  const metadata = { name: 'meter', namespace: 'metering', uid: 'uid-1' };
  const object: KubeObject = { apiVersion: 'processmeter.io/v1alpha1', kind: 'ProcessMeter', metadata };
  const { spec } = processMeter;
  const optional = new OptionalApis({ client, monotonic: () => clock.monotonic(), lookAgainMs: 1 });
  const step = () =>
    clusterStep(
      { installation: installationOf(processMeter, RELEASES[0]!), object, signal },
      { optional, secrets: new SecretReader({ client, informers }), lookAgainMs: 1 },
      clusterRef === undefined ? spec.database.cloudNativePG! : { clusterRef },
    );
  const setStatus = (status: object): void => {
    const live = api.store.get(CLUSTER);
    if (live === undefined) throw new Error('there is no Cluster');
    api.store.put(CLUSTER, { ...live, status });
  };
  const giveSecret = (): void => {
    api.store.put(SECRET, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'meter-postgres-app' } });
  };
  return { api, cluster, clock, step, setStatus, giveSecret };
}

test('a Cluster is made, and waited for until a server is ready and its Secret is there', async () => {
  const { api, step, setStatus, giveSecret } = await setUp();
  expect(await step()).toMatchObject({ state: 'wait', reason: 'ClusterNotReady' });
  expect(api.store.get(CLUSTER)).toMatchObject({ spec: { instances: 3 } });
  giveSecret();
  setStatus({ phase: 'Setting up primary' });
  expect(await step()).toMatchObject({
    state: 'wait',
    message: 'No server of Cluster meter-postgres is ready (Setting up primary).',
  });
  setStatus({ phase: 'Cluster in healthy state', readyInstances: 1 });
  expect(await step()).toBeUndefined();
  api.store.delete(SECRET);
  expect(await step()).toMatchObject({
    message: 'Cluster meter-postgres has not given its Secret meter-postgres-app yet.',
  });
});

test('a Cluster of others is only read; one that is not there is named', async () => {
  const { api, step } = await setUp({ name: 'shared' });
  expect(await step()).toMatchObject({ state: 'wait', message: 'There is no Cluster shared.' });
  expect(api.writes).toEqual([]);
});

test('where CloudNativePG is not installed it says so, and looks again', async () => {
  const { clock, cluster, step } = await setUp();
  cluster.served = false;
  expect(await step()).toMatchObject({ state: 'stall', reason: 'CloudNativePGMissing', afterMs: 1 });
  cluster.served = true;
  await clock.advance(1);
  expect(await step()).toMatchObject({ state: 'wait', reason: 'ClusterNotReady' });
});

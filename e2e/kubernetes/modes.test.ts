import { join } from 'node:path';
import type { Lab } from '@process-meter/e2e/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { CLASS, makeVolumes } from './docs/volumes.ts';
import { evaluationProcessMeter, externalProcessMeter, externalSecrets } from './installation.ts';
import { until } from './owned-objects.ts';
import { clusterPlayer, type ClusterPlayer } from './testing/cluster-player.ts';
import { CLUSTERS, HTTP_ROUTES, serve } from './testing/foreign-definitions.ts';
import {
  METER,
  operatedNamespace,
  type Found,
  type OperatedNamespace,
} from './testing/operated-namespace.ts';
import { startLabWithDefinitions } from './world.ts';

const PRODUCT_CHART = join(import.meta.dirname, '../../charts/process-meter');
const CLUSTER = 'clusters.postgresql.cnpg.io/meter-postgres';
const ROUTE = 'httproutes.gateway.networking.k8s.io/meter-web';
const INGRESS = 'ingress/meter-web';
const DATA = 'secrets,persistentvolumeclaims';
const RUNNING = 'pods,deployments,statefulsets,services';

let lab: Lab;
let evaluation: OperatedNamespace;
let cloudNative: OperatedNamespace;
let exposed: OperatedNamespace;
let external: OperatedNamespace;
let places: OperatedNamespace[] = [];

beforeAll(async () => {
  lab = await startLabWithDefinitions({ nodes: 2, availableAtOnce: true });
  await makeVolumes(lab, 8);
  [evaluation, cloudNative, exposed, external] = await Promise.all([
    operatedNamespace(lab, 'evaluation'),
    operatedNamespace(lab, 'cloud-native'),
    operatedNamespace(lab, 'exposed'),
    operatedNamespace(lab, 'external'),
  ]);
  places = [evaluation, cloudNative, exposed, external];
  // All at once, so that each is where it has to wait when its turn comes.
  await exposed.apply([...externalSecrets(), externalProcessMeter()]);
  await evaluation.apply([evaluationProcessMeter()]);
  await cloudNative.apply([onCloudNativePG()]);
  await external.apply([externalProcessMeter()]);
  await Promise.all(places.map((place) => place.operate()));
});
afterAll(async () => {
  await Promise.all(places.map((place) => place.stop()));
  await lab?.stop();
});

function onCloudNativePG(spec: object = {}): object {
  const cloudNativePG = { create: { instances: 3, storage: { size: '50Gi' } } };
  return evaluationProcessMeter({ database: { mode: 'CloudNativePG', cloudNativePG }, ...spec });
}

/** Uids by `Kind/name`: what is made anew has another. */
const uids = (objects: readonly Found[]): Record<string, string> =>
  Object.fromEntries(objects.map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.uid]));
const names = (objects: readonly Found[]): string[] => objects.map(({ metadata }) => metadata.name);

/** Kinds in the order in which the operator first wrote one. */
async function order(place: OperatedNamespace, kinds: readonly string[]): Promise<string[]> {
  const written = (await place.writes()).map(({ objectRef }) => objectRef?.resource ?? '');
  return [...new Set(written.filter((resource) => kinds.includes(resource)))];
}

async function deleteMeter(place: OperatedNamespace): Promise<void> {
  await place.kubectl('delete', METER, '--wait=true', '--cascade=foreground', '--timeout=60s');
}

describe('evaluation, with everything inside', () => {
  test('it gets ready in the order of its steps, with pods of the restricted profile', async () => {
    await evaluation.ready();
    const steps = ['secrets', 'statefulsets', 'jobs', 'managers', 'ingests', 'portals', 'networkpolicies'];
    expect(await order(evaluation, steps)).toEqual(steps);
    expect(names(await evaluation.list('statefulsets'))).toEqual(['meter-nats', 'meter-postgres']);
    expect(names(await evaluation.list(DATA))).toEqual([
      'meter-admin',
      'meter-nats',
      'meter-postgres',
      'meter-service',
      'meter-trust',
      'data-meter-nats-0',
      'data-meter-postgres-0',
    ]);
  });

  test('once all is well nothing is written', async () => {
    expect(await evaluation.writesAtRest()).toEqual([]);
  });

  test('volumes of a class that cannot grow: it says so and touches nothing', async () => {
    const before = uids(await evaluation.list(`${RUNNING},${DATA}`));
    const storage = { size: '20Gi' };
    await evaluation.change({ database: { embedded: { storage } }, messaging: { embedded: { storage } } });
    await evaluation.says('Reconciling', 'True ApiRefused', 'must support resize');
    expect(uids(await evaluation.list(`${RUNNING},${DATA}`))).toEqual(before);
  });

  test('volumes of a class that can grow: they do, under the pods that run', async () => {
    const withVolumes = async (): Promise<Record<string, string>> =>
      uids((await evaluation.list('pods')).filter(({ metadata }) => metadata.name.endsWith('-0')));
    const data = uids(await evaluation.list(DATA));
    const before = await withVolumes();
    expect(Object.keys(before).toSorted()).toEqual(['Pod/meter-nats-0', 'Pod/meter-postgres-0']);
    await lab.kubectl(['patch', 'storageclass', CLASS, '-p', '{"allowVolumeExpansion":true}']);
    await evaluation.kubectl('annotate', METER, 'processmeter.io/reconcile-at=now');
    await evaluation.ready();
    const claims = await evaluation.list('persistentvolumeclaims');
    const size = { resources: { requests: { storage: '20Gi' } } };
    expect(claims).toMatchObject([{ spec: size }, { spec: size }]);
    const template = { spec: { volumeClaimTemplates: [{ spec: size }] } };
    expect(await evaluation.list('statefulsets')).toMatchObject([template, template]);
    expect(await withVolumes()).toEqual(before);
    expect(uids(await evaluation.list(DATA))).toEqual(data);
    // The Manager is told how much room there is, by pods of which one is always there.
    const settings = (await evaluation.list('configmaps')).find(
      ({ metadata }) => metadata.name === 'meter-manager',
    );
    expect(settings?.data).toMatchObject({ PM_STREAM_BYTES: String(15 * 1024 ** 3) });
  });

  test('deleted and made again: data and keys are those of before', async () => {
    const before = await evaluation.list(DATA);
    await deleteMeter(evaluation);
    await until('what runs is gone', async () => (await evaluation.list(RUNNING)).length === 0);
    expect(uids(await evaluation.list(DATA))).toEqual(uids(before));
    await evaluation.apply([evaluationProcessMeter()]);
    await evaluation.ready();
    const after = await evaluation.list(DATA);
    expect(uids(after)).toEqual(uids(before));
    expect(after.map(({ data }) => data)).toEqual(before.map(({ data }) => data));
  });

  test('Helm 4 waits until it is ready; an upgrade with the same values, by Helm 3 too, changes nothing', async () => {
    await deleteMeter(evaluation);
    const chart = ['meter', PRODUCT_CHART, '--namespace', evaluation.name];
    await lab.helm(4, ['install', ...chart, '--wait', '--timeout', '100s'], { timeoutMs: 110_000 });
    expect((await evaluation.find(METER))?.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Ready', status: 'True', observedGeneration: 1 }),
    );
    await lab.helm(3, ['upgrade', ...chart]);
    await lab.helm(4, ['upgrade', ...chart]);
    expect(await evaluation.writesAtRest()).toEqual([]);
    expect((await evaluation.find(METER))?.metadata.generation).toBe(1);
  });
});

describe('CloudNativePG, with a Cluster that it makes', () => {
  let cluster: ClusterPlayer;

  beforeAll(() => {
    cluster = clusterPlayer(lab, { namespace: cloudNative.name, name: 'meter-postgres' });
  });

  test('CloudNativePG that comes later than the ProcessMeter is noticed', async () => {
    await cloudNative.says('Stalled', 'True CloudNativePGMissing');
    await serve(lab, CLUSTERS);
    await cloudNative.says('DatabaseReady', 'False ClusterNotReady', 'no status yet');
    expect(await cloudNative.find(CLUSTER)).toMatchObject({ spec: { instances: 3 } });
  });

  test('no migration begins before a server is ready, whatever Secret is there', async () => {
    await cluster.setReady(0);
    await cluster.giveSecret();
    await cloudNative.says('DatabaseReady', 'False ClusterNotReady', 'Setting up primary');
    expect(await cloudNative.list('jobs')).toEqual([]);
    await cluster.setReady(1);
    await cloudNative.ready();
    await cloudNative.says('DatabaseReady', 'True DatabaseBound', 'meter-postgres-app');
  });

  test('once all is well nothing is written, whatever defaults the Cluster has got', async () => {
    expect(await cloudNative.writesAtRest()).toEqual([]);
  });

  test('a Cluster that falls: it says so until it is back, and touches nothing that runs', async () => {
    const before = uids(await cloudNative.list(RUNNING));
    await cluster.setReady(0);
    await cloudNative.says('Ready', 'False ClusterNotReady', 'Setting up primary');
    await cluster.setReady(2);
    await cloudNative.ready();
    expect(uids(await cloudNative.list(RUNNING))).toEqual(before);
  });

  test('the Cluster outlives its ProcessMeter, and is taken by the next of its name', async () => {
    const before = await cloudNative.find(CLUSTER);
    await deleteMeter(cloudNative);
    expect((await cloudNative.find(CLUSTER))?.metadata).toMatchObject({
      uid: before?.metadata.uid,
      ownerReferences: [],
    });
    await cloudNative.apply([onCloudNativePG()]);
    await cloudNative.ready();
    expect((await cloudNative.find(CLUSTER))?.metadata.uid).toBe(before?.metadata.uid);
  });

  test('where the deletion policy is Delete, it goes with its ProcessMeter', async () => {
    await cloudNative.change({ deletionPolicy: 'Delete' });
    await cloudNative.ready();
    expect((await cloudNative.find(CLUSTER))?.metadata.ownerReferences).toMatchObject([
      { kind: 'ProcessMeter' },
    ]);
    await deleteMeter(cloudNative);
    await until('the Cluster is gone', async () => (await cloudNative.find(CLUSTER)) === undefined);
  });
});

describe('the way in from outside', () => {
  const gateway = {
    parentRefs: [
      { name: 'edge', sectionName: 'http' },
      { name: 'edge', sectionName: 'https' },
    ],
  };

  test('without the Gateway API an Ingress stays until its successor can be made', async () => {
    await exposed.ready();
    const before = await exposed.find(INGRESS);
    await exposed.change({ exposure: { ingress: null, gateway } });
    await exposed.says('Stalled', 'True GatewayApiMissing', 'gateway.networking.k8s.io/v1');
    expect((await exposed.find(INGRESS))?.metadata.uid).toBe(before?.metadata.uid);
  });

  test('a Gateway API that comes later is noticed: a route in place of the Ingress', async () => {
    await serve(lab, HTTP_ROUTES);
    await exposed.ready();
    expect(await exposed.find(ROUTE)).toMatchObject({ spec: gateway });
    expect(await exposed.find(INGRESS)).toBeUndefined();
  });

  test('once all is well nothing is written, also with two listeners of one Gateway', async () => {
    expect(await exposed.writesAtRest()).toEqual([]);
  });

  test('back to an Ingress: the new way in is there before the old one goes', async () => {
    const since = Date.now();
    await exposed.change({ exposure: { gateway: null, ingress: {} } });
    await exposed.ready();
    expect(await exposed.find(ROUTE)).toBeUndefined();
    expect(await exposed.find(INGRESS)).toBeDefined();
    const ways = (await exposed.writes(since)).filter(({ objectRef }) => objectRef?.name === 'meter-web');
    expect(ways.map(({ verb, objectRef }) => `${verb} ${objectRef?.resource}`)).toEqual([
      'patch ingresses',
      'delete httproutes',
    ]);
  });

  test('without exposure the route goes too', async () => {
    await exposed.change({ exposure: { ingress: null, gateway } });
    await exposed.ready();
    expect(await exposed.find(ROUTE)).toBeDefined();
    await exposed.change({ exposure: null });
    await exposed.ready();
    expect(await exposed.find(ROUTE)).toBeUndefined();
  });
});

describe('a database and message servers outside of the cluster', () => {
  const [database, trust] = externalSecrets() as [{ stringData: object }, { stringData: object }];

  test.each([
    ['another key', { url: 'postgres://meter@db.corp.local/meter' }, 'has no key uri'],
    ['nothing in it', { uri: '' }, 'Key uri of Secret meter-database is no URI'],
    [
      'a URI of something else',
      { uri: 'mysql://meter@db.corp.local/meter' },
      'is no URI such as postgres://',
    ],
  ])('a Secret of the database with %s: it says so and waits', async (_, stringData, message) => {
    await external.kubectl('delete', 'secret/meter-database', '--ignore-not-found');
    await external.says('Stalled', 'True DatabaseSecretMissing', 'There is no Secret meter-database');
    await external.apply([{ ...database, stringData }]);
    const said = await external.says('Stalled', 'True DatabaseSecretMissing', message);
    for (const secret of Object.values(stringData).filter((text) => text !== ''))
      expect(said).not.toContain(secret);
  });

  test('with the right one it goes on to the keys of the message servers, and names what is missing', async () => {
    await external.apply([database]);
    await external.says('Stalled', 'True TrustSecretMissing', 'There is no Secret meter-nats-trust');
    await external.apply([{ ...trust, stringData: { 'operator.nk': 'a key' } }]);
    await external.says('Stalled', 'True TrustSecretMissing', 'There is no key ');
    expect(await external.list('jobs')).toEqual([]);
  });

  test('with all of them it gets ready', async () => {
    await external.apply([trust]);
    await external.ready();
    expect(await external.says('Ready', 'True Running')).toBe('Release 0.1.0 runs.');
  });

  test('backups go to a bucket, and to a claim in place of it: its server can be reached or cannot', async () => {
    const recipients = [`age1${'q'.repeat(58)}`];
    const s3 = {
      endpoint: 'https://s3.corp.local:9000',
      bucket: 'meter-backups',
      credentialsSecretRef: { name: 'meter-s3' },
      caSecretRef: { name: 'corp-ca' },
    };
    await external.change({ backup: { recipients, s3 } });
    await external.ready();
    const job = (await external.find('cronjob/meter-backup'))?.spec;
    const text = JSON.stringify(job);
    expect(text).toContain('"args":["--to","s3://meter-backups",');
    expect(text).toContain('"secretKeyRef":{"key":"AWS_SECRET_ACCESS_KEY","name":"meter-s3"}');
    expect(text).toContain('"name":"NODE_EXTRA_CA_CERTS","value":"/etc/process-meter/s3/ca.crt"');
    expect(text).not.toContain('persistentVolumeClaim');
    expect(await backupPorts()).toEqual([53, 53, 6432, 9000]);
    expect(await external.writesAtRest()).toEqual([]);

    await external.change({ backup: { s3: null, claimName: 'meter-backups' } });
    await external.ready();
    expect(JSON.stringify((await external.find('cronjob/meter-backup'))?.spec)).not.toContain('meter-s3');
    expect(await backupPorts()).toEqual([53, 53, 6432]);
  });

  async function backupPorts(): Promise<number[]> {
    const policy = await external.find('networkpolicy/meter-backup');
    const { egress } = z
      .looseObject({ egress: z.array(z.object({ ports: z.array(z.looseObject({ port: z.number() })) })) })
      .parse(policy?.spec);
    return egress.flatMap(({ ports }) => ports.map(({ port }) => port));
  }
});

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AgentProcess } from '@process-meter/e2e/stack/agent-process';
import { nothingComesIn, smallDisk, type SmallDisk } from '@process-meter/e2e/stack/small-disk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessTo, type Access } from '../agents.ts';
import { ready, startAppliance, type Appliance } from '../appliance.ts';
import { containersOf, type Container } from '../containers.ts';
import { nothingIsLost } from '../load.ts';

const DISK_MB = 96;
const CLASS = 'small';
const NAME = 'load-0';
const BACK_MS = 120_000;
/** Of the liveness probe; ten minutes in an installation. */
const PATIENCE = { periodSeconds: 1, failureThreshold: 5 };

let disk: SmallDisk;
let appliance: Appliance;
let access: Access;
let load: AgentProcess;
const folder = mkdtempSync(join(tmpdir(), 'pm-node-disk-'));
const say = (line: string): void => void process.stdout.write(`full volume of NATS: ${line}\n`);

beforeAll(async () => {
  // The node sees what is mounted before it starts.
  disk = smallDisk(DISK_MB);
  appliance = await startAppliance(folder);
  await appliance.lab.apply(await volumeOn(disk));
  await appliance.installOperator();
  await appliance.install(`messaging.embedded.storage.storageClassName=${CLASS}`);
  await ready(appliance);
  access = await accessTo(appliance, folder);
  load = await AgentProcess.load(await access.agent(NAME, ''));
}, 400_000);
afterAll(async () => {
  await Promise.all([load?.stop(), access?.pool.end()]);
  await appliance?.lab.stop();
  disk?.remove();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** A class of one volume, which says that it is larger than the disk is. */
async function volumeOn({ dir }: SmallDisk): Promise<object[]> {
  const path = join(dir, 'volume');
  mkdirSync(path);
  const node = (
    await appliance.lab.kubectl(['get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}'])
  ).trim();
  const here = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] };
  return [
    {
      apiVersion: 'storage.k8s.io/v1',
      kind: 'StorageClass',
      metadata: { name: CLASS },
      provisioner: 'kubernetes.io/no-provisioner',
      volumeBindingMode: 'WaitForFirstConsumer',
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: CLASS },
      spec: {
        accessModes: ['ReadWriteOnce'],
        capacity: { storage: '10Gi' },
        local: { path },
        nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [here] }] } },
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: CLASS,
      },
    },
  ];
}

async function server(): Promise<Container | undefined> {
  const [only] = await containersOf(appliance, 'nats');
  return only;
}

/** The operator is paused, so that the probe may have less patience than it declares. */
async function makeImpatient(): Promise<void> {
  const before = (await server())?.id;
  await appliance.kubectl('annotate', 'processmeter/meter', 'processmeter.io/paused=true');
  const containers = [{ name: 'nats', livenessProbe: PATIENCE }];
  const patch = JSON.stringify({ spec: { template: { spec: { containers } } } });
  await appliance.kubectl('patch', 'statefulset/meter-nats', '-p', patch);
  const replaced = async (): Promise<boolean> => {
    const now = await server();
    return now !== undefined && now.ready && now.id !== before;
  };
  await expect.poll(replaced, { timeout: BACK_MS, interval: 500 }).toBe(true);
}

async function stored(): Promise<number> {
  const { rows } = await access.pool.query<{ n: string }>('select count(*) as n from segment');
  return Number(rows[0]?.n ?? 0);
}

test('a NATS server whose volume was full is started again by its probe, and nothing is lost', async () => {
  await makeImpatient();
  await expect.poll(stored, { timeout: 60_000 }).toBeGreaterThan(100);
  await expect.poll(() => nothingComesIn(disk, stored), { timeout: 60_000, interval: 200 }).toBe(true);
  const before = await server();
  // Work goes on against the full disk.
  await pause(5000);
  disk.free();
  const restarts = async (): Promise<number> => (await server())?.restarts ?? 0;
  await expect.poll(restarts, { timeout: BACK_MS, interval: 500 }).toBeGreaterThan(before?.restarts ?? 0);
  const records = await nothingIsLost({ agents: [load], names: [NAME], folder, pool: access.pool, say });
  expect(records).toBeGreaterThan(200);
  await appliance.kubectl('annotate', 'processmeter/meter', 'processmeter.io/paused-');
  await ready(appliance);
}, 400_000);

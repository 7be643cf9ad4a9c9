import type { Lab } from '@process-meter/e2e/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiServer, type ApiServer } from './api-server.ts';
import { makeVolumes } from './docs/volumes.ts';
import { externalProcessMeter, externalSecrets } from './installation.ts';
import { until } from './owned-objects.ts';
import { operatedNamespace, type OperatedNamespace } from './testing/operated-namespace.ts';
import { podsByPart, type PlacedPod } from './testing/placed-pods.ts';
import { startLabWithDefinitions } from './world.ts';

const NODES = 3;
const REPLICAS = { nats: 3, manager: 2, ingest: 2, portal: 2 };
const PARTS = Object.keys(REPLICAS);
const ROLLED = ['manager', 'ingest', 'portal'];
/**
 * A pod that is back under its name before the disruption controller saw it go counts as going for two minutes more, and
 * no other of its budget may go meanwhile. A drain waits for that.
 */
const DRAIN_MS = 150_000;

let lab: Lab;
let api: ApiServer;
let meter: OperatedNamespace;
let nodes: string[];

beforeAll(async () => {
  lab = await startLabWithDefinitions({ availableAtOnce: true });
  api = apiServer(lab);
  nodes = await lab.addNodes(NODES);
  await makeVolumes(lab, REPLICAS.nats);
  meter = await operatedNamespace(lab, 'spread');
  await meter.apply([...externalSecrets(), spreadProcessMeter()]);
  await meter.operate();
  await meter.ready();
});
afterAll(async () => {
  await meter?.stop();
  api?.close();
  await lab?.stop();
});

function spreadProcessMeter(): object {
  const { nats, manager, ingest, portal } = REPLICAS;
  return externalProcessMeter({
    messaging: { mode: 'Embedded', embedded: { replicas: nats } },
    manager: { replicas: manager },
    ingest: { replicas: ingest },
    portal: { replicas: portal },
  });
}

const pods = (): Promise<Map<string, PlacedPod[]>> => podsByPart(lab, meter.name);
const podsOf = async (part: string): Promise<PlacedPod[]> => (await pods()).get(part) ?? [];
const nodesOf = (placed: readonly PlacedPod[]): number => new Set(placed.map(({ node }) => node)).size;

/** How many nodes the pods of each part stand on. */
async function spread(): Promise<Record<string, number>> {
  const placed = await pods();
  return Object.fromEntries(PARTS.map((part) => [part, nodesOf(placed.get(part) ?? [])]));
}

async function allAreReady(): Promise<void> {
  await until('as many pods as declared are ready, and no others', async () => {
    const placed = await pods();
    return Object.entries(REPLICAS).every(([part, count]) => {
      const those = placed.get(part) ?? [];
      return those.length === count && those.every(({ ready }) => ready);
    });
  });
}

/** Asks for the eviction of a pod as a drain does. @returns the answer: 201, or 429 when a budget is against it */
async function evict({ name }: PlacedPod): Promise<number> {
  const { status } = await api.call('POST', `/api/v1/namespaces/${meter.name}/pods/${name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace: meter.name },
  });
  return status;
}

test('pods of one part stand on different nodes', async () => {
  await allAreReady();
  expect(await spread()).toEqual(REPLICAS);
});

test('after a roll-out they do again, also where it has no node to spare', async () => {
  await lab.kubectl(['cordon', ...nodes.slice(2)]);
  for (const logLevel of ['Warn', 'Error', 'Debug']) {
    const before = new Set((await podsOf('portal')).map(({ name }) => name));
    await meter.change({ logLevel });
    await until('all pods of the portal are new', async () => {
      const now = await podsOf('portal');
      return now.length > 0 && now.every(({ name }) => !before.has(name));
    });
    await meter.ready();
    await allAreReady();
    const now = await spread();
    expect([logLevel, ...ROLLED.map((part) => now[part])]).toEqual([logLevel, 2, 2, 2]);
  }
  await lab.kubectl(['uncordon', ...nodes]);
});

test.each(PARTS)(
  'a drain takes one pod of %s at a time',
  async (part) => {
    const [first, ...others] = await podsOf(part);
    if (first === undefined) throw new Error(`no pods of ${part}`);
    // What is evicted has no place to begin again.
    await lab.kubectl(['cordon', ...nodes]);
    expect(await evict(first)).toBe(201);
    await until('the pod is gone and the next one waits', async () =>
      (await podsOf(part)).some(
        ({ node, name, uid }) => node === '' && (name !== first.name || uid !== first.uid),
      ),
    );
    for (const other of others) expect(await evict(other)).toBe(429);
    await lab.kubectl(['uncordon', ...nodes]);
    await allAreReady();
    const [second] = others;
    if (second === undefined) throw new Error(`only one pod of ${part}`);
    await until('the next one may go', async () => (await evict(second)) === 201, DRAIN_MS);
    await allAreReady();
  },
  2 * DRAIN_MS,
);

test(
  'a node is drained, and filled again by what is deleted',
  async () => {
    const [drained = ''] = nodes;
    await lab.kubectl(['drain', drained, '--delete-emptydir-data'], { timeoutMs: DRAIN_MS });
    await allAreReady();
    const left = [...(await pods()).values()].flat();
    expect(left.filter(({ node }) => node === drained)).toEqual([]);
    expect(await spread()).toEqual({ ...REPLICAS, nats: NODES - 1 });

    await lab.kubectl(['uncordon', drained]);
    const servers = await podsOf('nats');
    const doubled = servers.find((one) => servers.some((it) => it !== one && it.node === one.node));
    await meter.kubectl('delete', 'pod', doubled?.name ?? '');
    await allAreReady();
    expect(await spread()).toEqual(REPLICAS);
  },
  2 * DRAIN_MS,
);

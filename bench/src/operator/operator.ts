import { readFileSync, rmSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { externalProcessMeter, inNamespace, untilReady } from '@process-meter/e2e/kubernetes/installation';
import { NAMESPACE, startWorld, type World } from '@process-meter/e2e/kubernetes/world';
import { startServers, type Servers } from '@process-meter/e2e/stack/servers';
import type { BenchOptions } from '../options.ts';
import { round, spread, spreadText, table } from '../stats.ts';
import { calls, forEach, type Calls, type Stored } from './calls.ts';
import { bundlePrograms, startPod, type OperatorPod } from './pod.ts';
import { resources, type Resource, type Size } from './objects.ts';

const FULL: Size = { applications: 5000, pools: 500 };
const QUICK: Size = { applications: 500, pools: 50 };
/** As many as the operator has on the way at once. */
const AT_ONCE = 8;
const LONGEST_MS = 600_000;
/** A round takes about six minutes. */
const ROUNDS = Number(process.env['PM_BENCH_ROUNDS'] ?? 3);

/** What one run took. */
interface Taken {
  seconds: number;
  /** Most resident memory of the operator, MB. */
  megabytes: number;
  /** Writes to the API server. */
  writes: number;
}

/** Bringing thousands of resources to a Manager, beside a bare loop that makes the same calls. */
export async function benchOperator({ quick, say }: BenchOptions): Promise<void> {
  const made = resources(quick ? QUICK : FULL);
  const bundles = bundlePrograms();
  const runs: { operator: Taken; loop: Taken }[] = [];
  for (let i = 0; i < (quick ? 1 : ROUNDS); i += 1)
    runs.push({
      operator: await withPlace({ made, bundles }, byOperator),
      loop: await withPlace({ made, bundles }, byLoop),
    });
  rmSync(bundles, { recursive: true });
  const row = (name: string, taken: readonly Taken[]): string[] => [
    name,
    spreadText(
      taken.map(({ seconds }) => seconds),
      (value) => round(value, 1),
    ),
    round(spread(taken.map(({ writes }) => writes)).median, 0),
    round(spread(taken.map(({ megabytes }) => megabytes)).max, 0),
  ];
  say(
    `${made.length} resources, each one PUT to the Manager and one status write, ${AT_ONCE} on the way at once`,
  );
  say(
    table(
      ['', 's (min / median / max)', 'writes to the API server', 'most memory MB'],
      [
        row(
          'operator, from its start',
          runs.map(({ operator }) => operator),
        ),
        row(
          'bare loop',
          runs.map(({ loop }) => loop),
        ),
      ],
    ),
  );
  const ratios = runs.map(({ operator, loop }) => operator.seconds / loop.seconds);
  say(`operator ÷ loop: ${spreadText(ratios, (value) => round(value, 2))}`);
}

interface Place {
  world: World;
  servers: Servers;
  api: Calls;
  made: readonly Resource[];
  /** Folder of the programs of the images. */
  bundles: string;
}

/** A fresh control plane and Manager, with a ProcessMeter that is ready and resources that nobody has looked at. */
async function withPlace(
  { made, bundles }: Pick<Place, 'made' | 'bundles'>,
  task: (place: Place) => Promise<Taken>,
): Promise<Taken> {
  const [world, servers] = await Promise.all([startWorld(), startServers()]);
  const api = calls(world.lab);
  try {
    const token = { metadata: { name: 'meter-service' }, stringData: { token: servers.serviceToken } };
    const secret = { apiVersion: 'v1', kind: 'Secret', ...token };
    await world.lab.apply(inNamespace(NAMESPACE, [secret, externalProcessMeter()]));
    const composing = start({ world, servers, bundles });
    await untilReady(world.lab, 'processmeter/meter', NAMESPACE);
    await composing.stop();
    await forEach(made, AT_ONCE, (resource) => api.create(NAMESPACE, resource));
    return await task({ world, servers, api, made, bundles });
  } finally {
    api.close();
    await Promise.all([world.lab.stop(), servers.stop()]);
  }
}

// The API server shares out what it has by itself; the limit of the operator is for those that cannot.
const start = ({ world, servers, bundles }: Pick<Place, 'world' | 'servers' | 'bundles'>): OperatorPod =>
  startPod(world, bundles, { PM_MANAGER_URL: servers.managerUrl, PM_API_QPS: '10000' });

async function byOperator(place: Place): Promise<Taken> {
  const { world, made } = place;
  const began = Date.now();
  const operator = start(place);
  try {
    const writes = await untilWritten(world, made.length, began);
    return {
      seconds: (Math.max(...writes) - began) / 1000,
      megabytes: peakMegabytes(operator.pid),
      writes: writes.length,
    };
  } finally {
    await operator.stop();
  }
}

/** Waits until the status of each resource was written. @returns when each write came in, ms */
async function untilWritten({ lab }: World, count: number, since: number): Promise<number[]> {
  const user = `system:serviceaccount:${NAMESPACE}:process-meter-operator`;
  for (;;) {
    await pause(1000);
    const entries = await lab.auditLog({ user, since });
    const ours = entries.filter(({ objectRef }) =>
      ['monitoredapplications', 'licensepools'].includes(objectRef?.resource ?? ''),
    );
    const names = new Set(ours.map(({ objectRef }) => `${objectRef?.resource}/${objectRef?.name}`));
    if (names.size === count) return ours.map((one) => Date.parse(one.requestReceivedTimestamp));
    if (Date.now() - since > LONGEST_MS) throw new Error(`${names.size} of ${count} resources have a status`);
  }
}

function peakMegabytes(pid: number): number {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

/** The same calls, one after the other for each resource. */
async function byLoop({ world, servers, api, made }: Place): Promise<Taken> {
  const cluster = await world.lab.kubectl(['get', 'namespace', NAMESPACE, '-o', 'jsonpath={.metadata.uid}']);
  const kinds = new Map(made.map(({ plural, kind }) => [plural, kind]));
  const began = performance.now();
  let writes = 0;
  for (const [plural, kind] of kinds) {
    const stored = await api.list(NAMESPACE, plural);
    await forEach(stored, AT_ONCE, async (object) => {
      await declare(servers, { cluster, kind, object });
      const { name, generation } = object.metadata;
      await api.applyStatus(NAMESPACE, { kind, plural, name }, statusOf(generation));
      writes += 1;
    });
  }
  const megabytes = process.memoryUsage().rss / 1024 / 1024;
  return { seconds: (performance.now() - began) / 1000, megabytes, writes };
}

async function declare(
  { managerUrl, serviceToken }: Servers,
  { cluster, kind, object }: { cluster: string; kind: string; object: Stored },
): Promise<void> {
  const { name, uid, generation, creationTimestamp } = object.metadata;
  const answer = await fetch(`${managerUrl}/api/v1/declared/${kind}/${NAMESPACE}/${name}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${serviceToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      cluster,
      uid,
      generation,
      createdAt: Date.parse(creationTimestamp),
      spec: object.spec,
    }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`PUT of ${name}: ${answer.status} ${text}`);
}

function statusOf(generation: number): object {
  const lastTransitionTime = new Date().toISOString().replace(/\.\d+/, '');
  const condition = (type: string, status: string): object => ({
    type,
    status,
    reason: 'Synced',
    message: 'The Manager holds it.',
    observedGeneration: generation,
    lastTransitionTime,
  });
  return {
    observedGeneration: generation,
    syncedGeneration: generation,
    conditions: [
      condition('Ready', 'True'),
      condition('Reconciling', 'False'),
      condition('Stalled', 'False'),
    ],
  };
}

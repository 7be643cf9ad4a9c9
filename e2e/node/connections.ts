import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { waysThrough } from '@process-meter/operator/testing/policy-ways';
import type { Appliance } from './appliance.ts';
import { processesOf } from './containers.ts';

const OURS = 'app.kubernetes.io/managed-by=process-meter-operator';
const COMPONENT = 'app.kubernetes.io/component';
const [ESTABLISHED, LISTENING] = ['01', '0A'];

const labelled = z.object({ name: z.string(), labels: z.record(z.string(), z.string()).default({}) });
const podsSchema = z.object({
  items: z.array(
    z.object({
      metadata: labelled,
      status: z.object({
        podIP: z.string().default(''),
        containerStatuses: z.array(z.object({ containerID: z.string().default('') })).default([]),
      }),
    }),
  ),
});
const servicesSchema = z.object({
  items: z.array(
    z.object({
      metadata: labelled,
      spec: z.object({ clusterIP: z.string() }),
    }),
  ),
});
const objectsSchema = z.object({
  items: z.array(z.looseObject({ apiVersion: z.string(), kind: z.string(), metadata: labelled })),
});

/** What was seen in the pods of an installation. */
export interface Seen {
  /** Lines as those of `waysThrough`: connections that pods have made, and ports at which they listen for others. */
  made: string[];
  listening: string[];
}

interface Socket {
  state: string;
  local: { address: string; port: number };
  remote: { address: string; port: number };
}

/** Every TCP socket of every pod of the installation, as the kernel has it at this moment. */
export async function seenIn(appliance: Appliance): Promise<Seen> {
  const json = async (what: string): Promise<unknown> =>
    JSON.parse(await appliance.kubectl('get', what, '-l', OURS, '-o', 'json'));
  const pods = podsSchema.parse(await json('pods')).items.map(({ metadata, status }) => ({
    component: metadata.labels[COMPONENT] ?? '',
    address: status.podIP,
    container: (status.containerStatuses[0]?.containerID ?? '').replace('containerd://', ''),
  }));
  const services = servicesSchema.parse(await json('services')).items.map(({ metadata, spec }) => ({
    component: metadata.labels[COMPONENT] ?? '',
    address: spec.clusterIP,
  }));
  const nameOf = (address: string): string =>
    [...pods, ...services].find((one) => one.address === address)?.component ?? 'outside';
  const sockets = pods.flatMap(({ component, container }) =>
    socketsOf(container).map((socket) => ({ component, ...socket })),
  );
  const open = new Set(
    sockets
      .filter(({ state }) => state === LISTENING)
      .map(({ component, local }) => `${component} ${local.port}`),
  );
  const made = sockets
    .filter(({ state, remote }) => state === ESTABLISHED && !remote.address.startsWith('127.'))
    .filter(({ component, local }) => !open.has(`${component} ${local.port}`))
    .map(({ component, remote }) => `${component} → ${nameOf(remote.address)} ${remote.port}/TCP`);
  return { made: [...new Set(made)].toSorted(), listening: [...open].toSorted() };
}

/** What the policies that the API server holds let through. */
export async function openWays(appliance: Appliance): Promise<string[]> {
  const kinds = 'networkpolicies,deployments,statefulsets,jobs,cronjobs';
  const text = await appliance.kubectl('get', kinds, '-l', OURS, '-o', 'json');
  return waysThrough(objectsSchema.parse(JSON.parse(text)).items.map((object) => ({ object })));
}

/** Sockets of the network namespace of a container that runs; none of one that has ended. */
function socketsOf(container: string): Socket[] {
  const [pid] = container === '' ? [] : processesOf(container);
  return pid === undefined ? [] : ['tcp', 'tcp6'].flatMap((name) => parse(tableOf(pid, name)));
}

function tableOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/net/${name}`, 'utf8');
  } catch {
    return '';
  }
}

function parse(table: string): Socket[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields.length > 3)
    .map(([, local = '', remote = '', state = '']) => ({ state, local: endOf(local), remote: endOf(remote) }))
    .filter(({ local }) => !local.address.startsWith('127.'));
}

/** The kernel writes addresses as words of the machine's byte order; of a mapped one the last word counts. */
function endOf(text: string): { address: string; port: number } {
  const [address = '', port = ''] = text.split(':');
  const bytes = [...Buffer.from(address.slice(-8), 'hex')].toReversed();
  return { address: bytes.join('.'), port: Number.parseInt(port, 16) };
}

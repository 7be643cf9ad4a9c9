import { z } from 'zod';
import type { ControlPlane } from './control-plane.ts';
import type { Lab } from './lab.ts';
import { until } from './wait.ts';

const ROOM = { cpu: '1000', memory: '1000Gi', pods: '1000' };
const PREFIX = 'fake-';

const nodeList = z.object({
  items: z.array(
    z.object({
      metadata: z.object({ name: z.string() }),
      status: z.object({
        conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]),
      }),
    }),
  ),
});

/** Adds nodes that exist in the API only; KWOK plays their kubelets. @returns their names, once they are Ready */
export async function addFakeNodes(
  { kubectl, plane }: { kubectl: Lab['kubectl']; plane: ControlPlane },
  count: number,
): Promise<string[]> {
  if (!plane.running.has('kwok')) await plane.start('kwok');
  const first = (await nodes(plane)).length;
  const names = Array.from({ length: count }, (_, index) => `${PREFIX}${first + index}`);
  const stdin = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: names.map(fakeNode) });
  await kubectl(['create', '--validate=ignore', '-f', '-'], { stdin });
  const wanted = new Set(names);
  await until(`${count} fake nodes`, async () => {
    const ready = (await nodes(plane)).filter(({ name, isReady }) => isReady && wanted.has(name));
    return ready.length === count;
  });
  return names;
}

async function nodes(plane: ControlPlane): Promise<{ name: string; isReady: boolean }[]> {
  const { body } = await plane.api.get(`${plane.url}/api/v1/nodes`);
  return nodeList.parse(JSON.parse(body)).items.map(({ metadata, status }) => ({
    name: metadata.name,
    isReady: status.conditions.some((one) => one.type === 'Ready' && one.status === 'True'),
  }));
}

function fakeNode(name: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      annotations: { 'kwok.x-k8s.io/node': 'fake' },
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
      },
    },
    status: { allocatable: ROOM, capacity: ROOM },
  };
}

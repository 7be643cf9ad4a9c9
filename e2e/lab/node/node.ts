import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Binaries } from '../binaries.ts';
import { REAL_NODE, type ControlPlane } from '../control-plane.ts';
import type { Lab, NodeComponent } from '../lab.ts';
import type { Daemon, Place } from '../place.ts';
import { until } from '../wait.ts';
import { KUBELET_PORT, kubeletConfig, proxyConfig, writeNodeFiles } from './files.ts';
import { nodeObjects } from './objects.ts';
import { startObjectStorage } from './object-storage.ts';
import { startRegistry } from './registry.ts';
import type { Runtime } from './runtime.ts';
import type { NodeSetting } from './setting.ts';

const DNS = join(import.meta.dirname, '..', 'dns', 'main.ts');
const READY_MS = 60_000;

const nodeSchema = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) }),
});

/** A real node: what runs of it, and what is needed to start a part of it again. */
export interface RealNode {
  running: Map<NodeComponent, Daemon>;
  start(component: NodeComponent): Promise<void>;
  importImages: Lab['importImages'];
  startRegistry: Lab['startRegistry'];
  startObjectStorage: Lab['startObjectStorage'];
}

/** Starts kubelet, kube-proxy and DNS beside a containerd that runs; resolves when the node is Ready. */
export async function startNode(
  { place, binaries, runtime }: { place: Place; binaries: Binaries; runtime: Runtime },
  { plane, apply }: { plane: ControlPlane; apply: Lab['apply'] },
): Promise<RealNode> {
  const keys = join(place.run, 'keys');
  const setting: NodeSetting = { run: place.run, keys, name: REAL_NODE, address: place.address };
  writeNodeFiles(setting);
  const running = new Map<NodeComponent, Daemon>([['containerd', runtime.daemon]]);
  const launches: Readonly<Record<NodeComponent, () => Promise<Daemon>>> = {
    containerd: () => runtime.start(),
    kubelet: () => place.start('kubelet', binaries.path('kubelet'), kubeletArguments(setting)),
    'kube-proxy': () =>
      place.start('kube-proxy', binaries.path('kube-proxy'), [
        `--config=${proxyConfig(setting.run)}`,
        '--v=1',
      ]),
    dns: () => place.start('dns', process.execPath, [DNS, plane.adminKubeconfig, setting.address]),
  };
  const start = async (component: NodeComponent): Promise<void> => {
    const daemon = await launches[component]();
    running.set(component, daemon);
    if (component === 'kubelet') await untilServing(setting, plane, daemon);
  };
  await apply(nodeObjects(setting));
  await Promise.all((['dns', 'kube-proxy', 'kubelet'] as const).map(start));
  await until('a real node', () => isReady(setting, plane), { timeoutMs: READY_MS });
  return {
    running,
    start,
    importImages: (archives) => runtime.importImages(archives),
    startRegistry: () => startRegistry(place),
    startObjectStorage: (storage) => startObjectStorage(place, binaries, storage),
  };
}

function kubeletArguments({ run, keys, name, address }: NodeSetting): string[] {
  return [
    `--config=${kubeletConfig(run)}`,
    `--kubeconfig=${keys}/node.kubeconfig`,
    `--hostname-override=${name}`,
    `--node-ip=${address}`,
    '--root-dir=/var/lib/kubelet',
    '--v=1',
  ];
}

/**
 * A kubelet that finds no containerd ends itself, so it counts as started only when it answers.
 * @throws Error with what it said last: its log is gone by the time somebody reads the error
 */
async function untilServing(
  { run, address }: NodeSetting,
  { api }: ControlPlane,
  kubelet: Daemon,
): Promise<void> {
  let over = false;
  void kubelet.ended.then(() => (over = true));
  const serves = async (): Promise<boolean> =>
    over || (await api.get(`https://${address}:${KUBELET_PORT}/healthz`)).status === 200;
  await until('kubelet', serves, { timeoutMs: READY_MS });
  if (!over) return;
  const log = readFileSync(join(run, 'log', 'kubelet.log'), 'utf8').trimEnd();
  throw new Error(`kubelet ended while starting: ${log.split('\n').slice(-15).join('\n')}`);
}

async function isReady({ name }: NodeSetting, { api, url }: ControlPlane): Promise<boolean> {
  const { status, body } = await api.get(`${url}/api/v1/nodes/${name}`);
  if (status !== 200) return false;
  const { conditions } = nodeSchema.parse(JSON.parse(body)).status;
  return conditions.some((one) => one.type === 'Ready' && one.status === 'True');
}

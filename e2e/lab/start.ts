import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readAuditLog } from './audit.ts';
import { ensureBinaries, type Binaries } from './binaries.ts';
import { runCommand, type CommandOptions } from './command.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { compact } from './etcd.ts';
import { addFakeNodes } from './fake-nodes.ts';
import { kubeconfigText } from './kubeconfig.ts';
import {
  NODE_COMPONENTS,
  type Component,
  type Lab,
  type LabOptions,
  type NodeComponent,
  type ServiceAccountRef,
} from './lab.ts';
import { startNode, type RealNode } from './node/node.ts';
import { startRuntime } from './node/runtime.ts';
import { openPlace, type Place } from './place.ts';
import { labId, writeState } from './run-folder.ts';

/**
 * Starts a lab; resolves when its API server is ready and namespaces get their ServiceAccounts. Seconds when the
 * binaries are in the cache, else it builds them first.
 */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { progress = () => undefined } = options;
  const binaries = await ensureBinaries(progress);
  const place = await openPlace(options.isolation ?? 'auto');
  if (place.isolation.kind === 'plain')
    progress(`plain processes on 127.0.0.1, not isolated: ${place.isolation.reason}`);
  try {
    const { plane, commands, node } = await startParts(place, binaries, options);
    writeState(place.run, { keeper: place.keeper, ...plane });
    const lab = assemble(place, { plane, commands, node });
    if (options.nodes !== undefined && options.nodes > 0) await lab.addNodes(options.nodes);
    return lab;
  } catch (error) {
    await place.end();
    throw error;
  }
}

interface Parts {
  plane: ControlPlane;
  commands: Commands;
  node: RealNode | undefined;
}

async function startParts(place: Place, binaries: Binaries, options: LabOptions): Promise<Parts> {
  const [plane, runtime] = await Promise.all([
    startControlPlane(place, binaries, options),
    options.node === true ? startRuntime(place) : undefined,
  ]);
  const commands = commandsOf(place, binaries, plane.adminKubeconfig);
  if (runtime === undefined) return { plane, commands, node: undefined };
  const apply = (manifest: string | readonly object[]): Promise<void> =>
    applyWith(commands.kubectl, manifest);
  return { plane, commands, node: await startNode({ place, binaries, runtime }, { plane, apply }) };
}

type Commands = Pick<Lab, 'kubectl' | 'helm'>;

function commandsOf(place: Place, binaries: Binaries, adminKubeconfig: string): Commands {
  const command =
    (tool: string) =>
    (args: readonly string[], options: CommandOptions = {}) =>
      runCommand(binaries.path(tool), args, {
        ...options,
        env: toolEnvironment(place.run, options.kubeconfig ?? adminKubeconfig),
      });
  const helms = { 3: command('helm3'), 4: command('helm4') };
  return {
    kubectl: command('kubectl'),
    helm: (version, args, commandOptions) => helms[version](args, commandOptions),
  };
}

function assemble(place: Place, { plane, commands, node }: Parts): Lab {
  const { adminKubeconfig } = plane;
  const { kubectl, helm } = commands;
  const restart = restartOf(plane, node);
  return {
    id: labId(place.run),
    url: plane.url,
    address: place.address,
    ca: plane.ca,
    adminKubeconfig,
    kubeconfig: readFileSync(adminKubeconfig, 'utf8'),
    folder: place.run,
    isolation: place.isolation,
    get pids() {
      return pidsOf([...plane.running, ...(node?.running ?? [])]);
    },
    kubectl,
    helm,
    apply: (manifest) => applyWith(kubectl, manifest),
    tokenKubeconfig: (account, seconds = 3600) =>
      tokenKubeconfig({ kubectl, plane, folder: place.run }, account, seconds),
    async importImages(archives) {
      await realNode(node).importImages(archives);
    },
    async startRegistry() {
      return realNode(node).startRegistry();
    },
    async startObjectStorage(storage) {
      return realNode(node).startObjectStorage(storage);
    },
    async addNodes(count) {
      // KWOK would play the real one as well.
      if (node !== undefined) throw new Error('this lab has a real node, so it takes no fake ones');
      return addFakeNodes({ kubectl, plane }, count);
    },
    auditLog: (filter) => readAuditLog(plane.auditFile, filter),
    restartApiServer: (restartOptions) => restart('kube-apiserver', restartOptions),
    restart,
    compact: () => compact(plane.etcd),
    ended: place.ended,
    stop: () => place.end(),
  };
}

function realNode(node: RealNode | undefined): RealNode {
  if (node === undefined) throw new Error('this lab has no real node that could run an image');
  return node;
}

function restartOf(plane: ControlPlane, node: RealNode | undefined): Lab['restart'] {
  return async (component, { signal = 'SIGTERM', whileDown } = {}) => {
    const again = isNodeComponent(component)
      ? { daemon: node?.running.get(component), start: () => node?.start(component) }
      : { daemon: plane.running.get(component), start: () => plane.start(component) };
    await again.daemon?.stop(signal);
    await whileDown?.();
    await again.start();
  };
}

function isNodeComponent(component: Component): component is NodeComponent {
  return NODE_COMPONENTS.some((one) => one === component);
}

function pidsOf(running: readonly [Component, { pid: number }][]): Partial<Record<Component, number>> {
  return Object.fromEntries(running.map(([component, { pid }]) => [component, pid]));
}

/** Their home is in the lab: nothing of the user's settings counts, and nothing is left in the user's home. */
function toolEnvironment(folder: string, kubeconfig: string): NodeJS.ProcessEnv {
  const home = join(folder, 'home');
  const { KUBECONFIG: _, ...env } = process.env;
  return {
    ...env,
    HOME: home,
    KUBECONFIG: kubeconfig,
    HELM_CACHE_HOME: join(home, 'helm-cache'),
    HELM_CONFIG_HOME: join(home, 'helm-config'),
    HELM_DATA_HOME: join(home, 'helm-data'),
  };
}

type Kubectl = Lab['kubectl'];

async function applyWith(kubectl: Kubectl, manifest: string | readonly object[]): Promise<void> {
  const stdin =
    typeof manifest === 'string'
      ? manifest
      : JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifest });
  // The server refuses unknown fields by itself; to ask for its whole OpenAPI first takes a busy one half a minute.
  await kubectl(['apply', '--server-side', '--field-manager=lab', '--validate=ignore', '-f', '-'], { stdin });
}

async function tokenKubeconfig(
  { kubectl, plane, folder }: { kubectl: Kubectl; plane: ControlPlane; folder: string },
  { namespace, name }: ServiceAccountRef,
  seconds: number,
): Promise<string> {
  const token = await kubectl(['create', 'token', name, '-n', namespace, `--duration=${seconds}s`]);
  const file = join(folder, 'keys', `${namespace}.${name}.${randomUUID()}.kubeconfig`);
  writeFileSync(file, kubeconfigText(plane.url, plane.ca, { token: token.trim() }), { mode: 0o600 });
  return file;
}

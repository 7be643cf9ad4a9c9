import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { apiClient, type ApiClient } from './api-client.ts';
import { auditPolicy } from './audit.ts';
import type { Binaries } from './binaries.ts';
import { makeCertificates } from './certificates.ts';
import { argumentsOf, type Ports, type Setting } from './component-arguments.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { writeKwokConfiguration } from './kwok-configuration.ts';
import type { LabOptions, PlaneComponent } from './lab.ts';
import type { Daemon, Place } from './place.ts';
import { until } from './wait.ts';

/** Name of the one real node of a lab. */
export const REAL_NODE = 'lab-node';

/** The components that run, and what is needed to start one again. */
export interface ControlPlane {
  url: string;
  /** Address of etcd. */
  etcd: string;
  ca: string;
  adminKubeconfig: string;
  auditFile: string;
  api: ApiClient;
  running: Map<PlaneComponent, Daemon>;
  start(component: PlaneComponent): Promise<void>;
}

/** Starts etcd, API server, controller-manager and scheduler; resolves when all of them do their work. */
export async function startControlPlane(
  place: Place,
  binaries: Binaries,
  options: LabOptions,
): Promise<ControlPlane> {
  const keys = join(place.run, 'keys');
  const node = options.node === true ? REAL_NODE : undefined;
  const ports = await choosePorts(place);
  const setting: Setting = {
    run: place.run,
    address: place.address,
    keys,
    ports,
    url: `https://${place.address}:${ports.api}`,
    node,
    kwokConfiguration: writeKwokConfiguration(place.run, binaries.kwokStages, options),
  };
  const running = new Map<PlaneComponent, Daemon>();
  const launch = async (component: PlaneComponent): Promise<void> => {
    running.set(
      component,
      await place.start(component, binaries.path(component), argumentsOf(component, setting)),
    );
  };
  writeFileSync(join(place.run, 'audit.yaml'), auditPolicy(options.audit));
  await Promise.all([launch('etcd'), makeCertificates(keys, place.address, node)]);
  writeKubeconfigs(setting);
  const pem = (file: string): string => readFileSync(join(keys, file), 'utf8');
  const api = apiClient({ ca: pem('ca.crt'), cert: pem('admin.crt'), key: pem('admin.key') });
  const plane: ControlPlane = {
    url: setting.url,
    etcd: etcdUrl(setting),
    ca: pem('ca.crt'),
    adminKubeconfig: join(keys, 'admin.kubeconfig'),
    auditFile: join(place.run, 'log', 'audit.log'),
    api,
    running,
    async start(component) {
      await launch(component);
      await ready(component, setting, plane);
    },
  };
  await ready('etcd', setting, plane);
  await plane.start('kube-apiserver');
  // Before the API server is ready its roles are missing, and the controller-manager ends itself over that.
  await Promise.all([plane.start('kube-controller-manager'), plane.start('kube-scheduler')]);
  await until('the ServiceAccount of the namespace default', async () => {
    const { status } = await api.get(`${setting.url}/api/v1/namespaces/default/serviceaccounts/default`);
    return status === 200;
  });
  return plane;
}

async function choosePorts(place: Place): Promise<Ports> {
  return {
    etcd: await place.port(2379),
    peer: await place.port(2380),
    api: await place.port(6443),
    controllers: await place.port(10257),
    scheduler: await place.port(10259),
    nodes: await place.port(10250),
  };
}

function writeKubeconfigs({ keys, url, node }: Setting): void {
  const pem = (file: string): string => readFileSync(join(keys, file), 'utf8');
  const users = {
    admin: 'admin',
    kwok: 'kwok',
    controllers: 'controller-manager-client',
    scheduler: 'scheduler-client',
    ...(node === undefined ? {} : { node: 'node', 'kube-proxy': 'kube-proxy-client' }),
  };
  for (const [name, certificate] of Object.entries(users)) {
    const user = { certificate: pem(`${certificate}.crt`), key: pem(`${certificate}.key`) };
    writeFileSync(join(keys, `${name}.kubeconfig`), kubeconfigText(url, pem('ca.crt'), user), {
      mode: 0o600,
    });
  }
}

function etcdUrl({ address, ports }: Setting): string {
  return `http://${address}:${ports.etcd}`;
}

/** Where a component says that it is well; KWOK is judged by its nodes. */
function healthUrl(component: PlaneComponent, setting: Setting): string | undefined {
  const { address, ports, url } = setting;
  const own: Partial<Record<PlaneComponent, string>> = {
    etcd: `${etcdUrl(setting)}/health`,
    'kube-apiserver': `${url}/readyz`,
    'kube-controller-manager': `https://${address}:${ports.controllers}/healthz`,
    'kube-scheduler': `https://${address}:${ports.scheduler}/healthz`,
  };
  return own[component];
}

async function ready(
  component: PlaneComponent,
  setting: Setting,
  { api, running }: ControlPlane,
): Promise<void> {
  const url = healthUrl(component, setting);
  if (url === undefined) return;
  let over = false;
  void running.get(component)?.ended.then(() => (over = true));
  await until(`${component} at ${url}`, async () => over || (await api.get(url)).status === 200);
  if (over) throw new Error(`${component} ended while starting: ${lastLines(setting.run, component)}`);
}

/** The end of its log, because the folder is gone by the time somebody reads the error. */
function lastLines(run: string, component: PlaneComponent): string {
  return readFileSync(join(run, 'log', `${component}.log`), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-15)
    .join('\n');
}

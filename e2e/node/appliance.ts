import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, type Lab } from '@process-meter/e2e/lab';
import { startTestLab } from '@process-meter/e2e/lab/testing';
import {
  buildImages,
  findServers,
  makeBundle,
  makeSigningKey,
  serverPlans,
  servicePlans,
  VERSION,
} from '@process-meter/images';
import { certificateSecret, makeAuthority } from './certificate.ts';

export const NAMESPACE = 'metering';
export const OPERATOR = 'process-meter-operator';
const HELM = 4;
const TLS_SECRET = 'nats-certificate';

/** Ports of the node at which a load balancer of the customer would answer. */
const PORTS = { nats: 30_422, manager: 30_880, portal: 30_300, postgres: 30_432 };
type Outside = keyof typeof PORTS;
const SERVICE_PORTS: Readonly<Record<Outside, string>> = {
  nats: 'client',
  manager: 'http',
  portal: 'http',
  postgres: 'postgres',
};

/**
 * A lab with a real node behind an air gap: there is a bundle and an empty registry, and nothing else can be reached. What is
 * done there is done with the charts and the images of the bundle.
 */
export interface Appliance {
  lab: Lab;
  /** File of the authority behind the certificate of the NATS servers. */
  authority: string;
  /** Of the registry that the images were brought into. */
  registry: string;
  /** The images of the bundle by the names that pods have them under, with the digests they were made with. */
  imageIds: readonly string[];
  /** Where the machine reaches a part, such as `198.18.1.2:30880`. */
  at(part: Outside): string;
  installOperator(): Promise<void>;
  /** @param set values to change, as `name=value` */
  install(set?: string): Promise<void>;
  /** @param set values to change, as `name=value` */
  upgrade(set: string): Promise<void>;
  uninstall(release: string): Promise<void>;
  kubectl(...args: string[]): Promise<string>;
  /** A value of a Secret. */
  secret(name: string, key: string): Promise<string>;
}

/** @param desk folder that outlives it, for what the computers of the customer know */
export async function startAppliance(desk: string): Promise<Appliance> {
  const folder = mkdtempSync(join(tmpdir(), 'pm-node-bundle-'));
  try {
    const [lab, bundle] = await Promise.all([startTestLab({ node: true }), signedBundle(folder)]);
    const registry = await lab.startRegistry();
    await runCommand(
      join(bundle.dir, 'load-images.sh'),
      ['--public-key', bundle.publicKey, '--plain-http', registry],
      { timeoutMs: 120_000 },
    );
    const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const authority = await makeAuthority(desk);
    await lab.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: enforce } },
      await natsCertificate(lab, desk),
    ]);
    const charts = join(desk, 'charts');
    cpSync(join(bundle.dir, 'charts'), charts, { recursive: true });
    const imageIds = readFileSync(join(bundle.dir, 'images.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [, name = '', digest = ''] = line.split(' ');
        return `${registry}/${name.split(':')[0]}@${digest}`;
      });
    return applianceIn(lab, { registry, imageIds, charts, authority });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A new certificate of the NATS servers, by the authority in a folder. */
export const natsCertificate = (lab: Lab, desk: string): Promise<object> =>
  certificateSecret(desk, { address: lab.address, name: TLS_SECRET, namespace: NAMESPACE });

/** Makes the bundle, carries it over, and unpacks it. */
async function signedBundle(folder: string): Promise<{ dir: string; publicKey: string }> {
  const [key, publicKey] = [join(folder, 'own.key'), join(folder, 'own.pub')];
  makeSigningKey(key, publicKey);
  const plans = [...servicePlans(VERSION), ...serverPlans(findServers(() => undefined))];
  const archive = await makeBundle({
    version: VERSION,
    images: (into) => buildImages(plans, { folder: into }),
    to: join(folder, 'made'),
    key,
  });
  const carried = join(folder, 'carried');
  mkdirSync(carried);
  await runCommand('tar', ['-xf', archive, '-C', carried]);
  const [name = ''] = readdirSync(carried);
  return { dir: join(carried, name), publicKey };
}

function applianceIn(
  lab: Lab,
  given: Pick<Appliance, 'registry' | 'imageIds' | 'authority'> & { charts: string },
): Appliance {
  const { charts, ...known } = given;
  const { registry } = known;
  const at: Appliance['at'] = (part) => `${lab.address}:${PORTS[part]}`;
  const values = JSON.stringify({
    global: { imageRegistry: `${registry}/process-meter` },
    messaging: { embedded: { tlsSecretName: TLS_SECRET }, publicServers: [`tls://${at('nats')}`] },
    extraObjects: outside(),
  });
  const helm = async (args: readonly string[], stdin?: string): Promise<void> => {
    const options = { timeoutMs: 150_000, ...(stdin === undefined ? {} : { stdin }) };
    await lab.helm(HELM, [...args, '--namespace', NAMESPACE], options);
  };
  const archives = readdirSync(charts);
  const chart = (pattern: RegExp): string => join(charts, archives.find((name) => pattern.test(name)) ?? '');
  const product = chart(/^process-meter-\d/);
  const kubectl: Appliance['kubectl'] = (...args) =>
    lab.kubectl([...args, '-n', NAMESPACE], { timeoutMs: 150_000 });
  return {
    lab,
    ...known,
    at,
    kubectl,
    installOperator: () =>
      helm([
        'install',
        OPERATOR,
        chart(/^process-meter-operator-/),
        '--wait',
        '--timeout=120s',
        `--set=global.imageRegistry=${registry}`,
      ]),
    install: (set = '') => helm(['install', 'meter', product, '--values', '-', '--set', set], values),
    upgrade: (set) => helm(['upgrade', 'meter', product, '--values', '-', '--set', set], values),
    uninstall: (release) => helm(['uninstall', release, '--wait', '--timeout', '120s']),
    async secret(name, key) {
      const text = await kubectl('get', 'secret', name, '-o', `jsonpath={.data.${key}}`);
      return Buffer.from(text, 'base64').toString();
    },
  };
}

/** The operator makes Services inside of the cluster only: these are the customer's way in. */
function outside(): object[] {
  return Object.entries(PORTS).map(([part, nodePort]) => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `${part}-outside` },
    spec: {
      type: 'NodePort',
      selector: {
        'app.kubernetes.io/name': 'process-meter',
        'app.kubernetes.io/instance': 'meter',
        'app.kubernetes.io/component': part,
      },
      ports: [{ port: nodePort, nodePort, targetPort: SERVICE_PORTS[part as Outside] }],
    },
  }));
}

/** What tells why pods are not ready, for the message of a failure. */
export async function pods(appliance: Appliance): Promise<string> {
  const states = await appliance.kubectl('get', 'pods,pvc', '-o', 'wide');
  const events = await appliance.kubectl('get', 'events', '--sort-by=.lastTimestamp');
  return `${states}\n${events.split('\n').slice(-40).join('\n')}`;
}

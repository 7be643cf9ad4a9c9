import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
  /** Unpacks a bundle of another release and brings its images into the registry: what follows is done with its charts. */
  bring(bundle: string): Promise<void>;
  /** File with the key that bundles are signed with. */
  signingKey: string;
  installOperator(): Promise<void>;
  upgradeOperator(): Promise<void>;
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
  const [signingKey, publicKey] = [join(desk, 'own.key'), join(desk, 'own.pub')];
  makeSigningKey(signingKey, publicKey);
  const [lab, bundle] = await Promise.all([startTestLab({ node: true }), signedBundle(desk, signingKey)]);
  const registry = await lab.startRegistry();
  const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  const authority = await makeAuthority(desk);
  await lab.apply([
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: enforce } },
    await natsCertificate(lab, desk),
  ]);
  const carry = (archive: string): Promise<Carried> => carried(archive, { desk, publicKey, registry });
  return applianceIn(lab, { registry, authority, signingKey, first: await carry(bundle), carry });
}

/** What of a bundle is left once its images are in the registry. */
interface Carried {
  /** Folder of its charts. */
  charts: string;
  imageIds: readonly string[];
}

/** Carries a bundle over: unpacks it, has it checked, and brings its images into the registry. */
async function carried(
  archive: string,
  { desk, publicKey, registry }: { desk: string; publicKey: string; registry: string },
): Promise<Carried> {
  const folder = mkdtempSync(join(tmpdir(), 'pm-node-bundle-'));
  try {
    await runCommand('tar', ['-xf', archive, '-C', folder]);
    rmSync(archive);
    const [name = ''] = readdirSync(folder);
    const dir = join(folder, name);
    await runCommand(join(dir, 'load-images.sh'), ['--public-key', publicKey, '--plain-http', registry], {
      timeoutMs: 120_000,
    });
    const charts = join(desk, name, 'charts');
    cpSync(join(dir, 'charts'), charts, { recursive: true });
    const imageIds = readFileSync(join(dir, 'images.txt'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [, image = '', digest = ''] = line.split(' ');
        return `${registry}/${image.split(':')[0]}@${digest}`;
      });
    return { charts, imageIds };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A new certificate of the NATS servers, by the authority in a folder. */
export const natsCertificate = (lab: Lab, desk: string): Promise<object> =>
  certificateSecret(desk, { address: lab.address, name: TLS_SECRET, namespace: NAMESPACE });

/** The bundle of these sources. */
function signedBundle(desk: string, key: string): Promise<string> {
  const plans = [...servicePlans(VERSION), ...serverPlans(findServers(() => undefined))];
  return makeBundle({
    version: VERSION,
    images: (into) => buildImages(plans, { folder: into }),
    to: join(desk, 'made'),
    key,
  });
}

function applianceIn(
  lab: Lab,
  given: Pick<Appliance, 'registry' | 'authority' | 'signingKey'> & {
    first: Carried;
    carry: (archive: string) => Promise<Carried>;
  },
): Appliance {
  const { first, carry, ...known } = given;
  const { registry } = known;
  let { charts } = first;
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
  const chart = (pattern: RegExp): string =>
    join(charts, readdirSync(charts).find((name) => pattern.test(name)) ?? '');
  const product = (): string => chart(/^process-meter-\d/);
  const operator = (verb: 'install' | 'upgrade'): Promise<void> =>
    helm([
      verb,
      OPERATOR,
      chart(/^process-meter-operator-/),
      '--wait',
      '--timeout=120s',
      `--set=global.imageRegistry=${registry}`,
    ]);
  const kubectl: Appliance['kubectl'] = (...args) =>
    lab.kubectl([...args, '-n', NAMESPACE], { timeoutMs: 150_000 });
  return {
    lab,
    ...known,
    imageIds: first.imageIds,
    at,
    kubectl,
    async bring(bundle) {
      charts = (await carry(bundle)).charts;
    },
    installOperator: () => operator('install'),
    upgradeOperator: () => operator('upgrade'),
    install: (set = '') => helm(['install', 'meter', product(), '--values', '-', '--set', set], values),
    upgrade: (set) => helm(['upgrade', 'meter', product(), '--values', '-', '--set', set], values),
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

/** Waits until it is. @throws with what its pods are at */
export async function ready(appliance: Appliance): Promise<void> {
  await appliance
    .kubectl('wait', '--for=condition=Ready', '--timeout=140s', 'processmeter/meter')
    .catch(async (error: unknown) => {
      throw new Error(`not ready: ${await pods(appliance)}`, { cause: error });
    });
}

/** What tells why pods are not ready, for the message of a failure. */
export async function pods(appliance: Appliance): Promise<string> {
  const states = await appliance.kubectl('get', 'pods,pvc', '-o', 'wide');
  const events = await appliance.kubectl('get', 'events', '--sort-by=.lastTimestamp');
  return `${states}\n${events.split('\n').slice(-40).join('\n')}`;
}

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '@process-meter/e2e/lab';
import { startTestLab } from '@process-meter/e2e/lab/testing';
import { buildImages, findServers, serverPlans, servicePlans, VERSION } from '@process-meter/images';
import { certificateFor } from './certificate.ts';

const CHARTS = join(import.meta.dirname, '../../charts');
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

/** A lab with a real node that has the images of the product, and what is done with the charts on it. */
export interface Appliance {
  lab: Lab;
  /** File of the authority behind the certificate of the NATS servers. */
  authority: string;
  /** Where the machine reaches a part, such as `198.18.1.2:30880`. */
  at(part: Outside): string;
  installOperator(): Promise<void>;
  install(): Promise<void>;
  /** @param set values to change, as `name=value` */
  upgrade(set: string): Promise<void>;
  uninstall(release: string): Promise<void>;
  kubectl(...args: string[]): Promise<string>;
  /** A value of a Secret. */
  secret(name: string, key: string): Promise<string>;
}

/** @param desk folder that outlives it, for what the computers of the customer know */
export async function startAppliance(desk: string): Promise<Appliance> {
  const folder = mkdtempSync(join(tmpdir(), 'pm-node-images-'));
  try {
    const plans = [...servicePlans(VERSION), ...serverPlans(findServers(() => undefined))];
    const [lab, images] = await Promise.all([startTestLab({ node: true }), buildImages(plans, { folder })]);
    await lab.importImages(images.map(({ archive }) => archive));
    const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
    const certificate = await certificateFor(lab.address, desk);
    await lab.apply([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: enforce } },
      {
        apiVersion: 'v1',
        kind: 'Secret',
        type: 'kubernetes.io/tls',
        metadata: { name: TLS_SECRET, namespace: NAMESPACE },
        stringData: certificate.secret,
      },
    ]);
    return applianceIn(lab, certificate.authority);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function applianceIn(lab: Lab, authority: string): Appliance {
  const at: Appliance['at'] = (part) => `${lab.address}:${PORTS[part]}`;
  const values = JSON.stringify({
    messaging: { embedded: { tlsSecretName: TLS_SECRET }, publicServers: [`tls://${at('nats')}`] },
    extraObjects: outside(),
  });
  const helm = async (args: readonly string[], stdin?: string): Promise<void> => {
    const options = { timeoutMs: 150_000, ...(stdin === undefined ? {} : { stdin }) };
    await lab.helm(HELM, [...args, '--namespace', NAMESPACE], options);
  };
  const product = join(CHARTS, 'process-meter');
  const kubectl: Appliance['kubectl'] = (...args) =>
    lab.kubectl([...args, '-n', NAMESPACE], { timeoutMs: 150_000 });
  return {
    lab,
    authority,
    at,
    kubectl,
    installOperator: () => helm(['install', OPERATOR, join(CHARTS, OPERATOR), '--wait', '--timeout', '120s']),
    install: () => helm(['install', 'meter', product, '--values', '-'], values),
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

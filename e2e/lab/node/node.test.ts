import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildImages, servicePlans } from '@process-meter/images';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureBinaries } from '../binaries.ts';
import { runCommand } from '../command.ts';
import type { Lab } from '../lab.ts';
import { killAndClean, leftOf, startElsewhere } from '../testing/killed.ts';
import { startTestLab } from '../testing/test-lab.ts';
import { remains, tracesOf } from '../testing/traces.ts';
import { until } from '../wait.ts';
import { PAUSE_IMAGE } from './files.ts';

const NAMESPACE = 'app';
const IMAGE = 'registry.processmeter.io/process-meter/operator:9.9.9';
/** Counts its starts on its volume and tells the count, its user, and whether its root can be written. */
const PROGRAM = `
const fs = require('node:fs');
const file = '/data/starts';
const starts = fs.existsSync(file) ? Number(fs.readFileSync(file)) + 1 : 1;
fs.writeFileSync(file, String(starts));
let root = 'read-only';
try { fs.writeFileSync('/x', ''); root = 'writable'; } catch {}
require('node:http').createServer((_, answer) =>
  answer.end(JSON.stringify({ starts, user: process.getuid(), root }))).listen(8080);
console.log('serving, start ' + starts);
process.on('SIGTERM', () => process.exit(0));
`;

let lab: Lab;
const folder = mkdtempSync(join(tmpdir(), 'pm-node-test-'));

beforeAll(async () => {
  const plans = servicePlans('9.9.9').filter(({ name }) => name === 'operator');
  const [started, images] = await Promise.all([startTestLab({ node: true }), buildImages(plans, { folder })]);
  lab = started;
  await lab.importImages(images.map(({ archive }) => archive));
  await lab.apply(objects());
  await lab.kubectl(['rollout', 'status', 'statefulset/store', '-n', NAMESPACE, '--timeout=60s']);
});
afterAll(async () => {
  await lab?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function objects(): object[] {
  const labels = { app: 'store' };
  const template = {
    metadata: { labels },
    spec: {
      automountServiceAccountToken: false,
      securityContext: {
        runAsNonRoot: true,
        fsGroup: 65_532,
        seccompProfile: { type: 'RuntimeDefault' },
      },
      containers: [
        {
          name: 'store',
          image: IMAGE,
          command: ['node', '-e', PROGRAM],
          ports: [{ name: 'http', containerPort: 8080 }],
          readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            readOnlyRootFilesystem: true,
          },
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
    },
  };
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const metadata = { name: 'store', namespace: NAMESPACE };
  const ports = [{ port: 80, targetPort: 'http' }];
  const enforce = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  return [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE, labels: enforce } },
    { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: labels, clusterIP: 'None', ports } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { ...metadata, name: 'web' },
      spec: { selector: labels, type: 'NodePort', ports: [{ ...ports[0], nodePort: 30_080 }] },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata,
      spec: {
        serviceName: 'store',
        selector: { matchLabels: labels },
        template,
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
      },
    },
  ];
}

const inPod = (script: string): Promise<string> =>
  lab.kubectl(['exec', '-n', NAMESPACE, 'store-0', '--', 'node', '-e', script]);
const served = async (): Promise<unknown> => (await fetch(`http://${lab.address}:30080/`)).json();

const untilStart = (wanted: number): Promise<void> =>
  until(`start ${wanted}`, async () => JSON.stringify(await served()).includes(`"starts":${wanted}`));

test('a container of our image runs as restricted pods must, and writes to its volume only', async () => {
  // A Service follows its pods a moment later.
  await until('the port of the node', async () => (await served()) !== undefined);
  expect(await served()).toEqual({ starts: 1, user: 65_532, root: 'read-only' });
  expect(await lab.kubectl(['logs', '-n', NAMESPACE, 'store-0'])).toContain('serving, start 1');
});

test.each(['web', 'web.app', 'web.app.svc.cluster.local', 'store-0.store:8080'])(
  'a pod reaches a Service as %s',
  async (name) => {
    const ask = `fetch('http://${name}/').then((answer) => answer.text()).then(console.log)`;
    expect(JSON.parse(await inPod(ask))).toMatchObject({ starts: 1 });
  },
);

test('a name that is not there is told to be so at once', async () => {
  const ask = `require('node:dns').lookup('nobody.app', (error) => console.log(error.code))`;
  expect((await inPod(ask)).trim()).toBe('ENOTFOUND');
});

test('the volume keeps its data when the pod is replaced', async () => {
  await lab.kubectl(['delete', 'pod', 'store-0', '-n', NAMESPACE, '--timeout=30s']);
  await untilStart(2);
  expect(await served()).toMatchObject({ starts: 2 });
});

test('kubelet and containerd end and come back, and no container is disturbed', async () => {
  await lab.restart('kubelet', { signal: 'SIGKILL' });
  await lab.restart('containerd', { signal: 'SIGKILL' });
  expect(await served()).toMatchObject({ starts: 2 });
  await lab.kubectl(['delete', 'pod', 'store-0', '-n', NAMESPACE, '--timeout=30s']);
  await untilStart(3);
});

test('stopped with a pod that runs, it leaves nothing', async () => {
  const traces = tracesOf(lab);
  expect(traces.pids).toHaveLength(8);
  expect(remains(traces).filter((one) => one.startsWith('group'))).not.toEqual([]);
  await lab.stop();
  expect(remains(traces)).toEqual([]);
});

test('killed with a pod that runs, and cleaned up, it leaves nothing', async () => {
  const elsewhere = await startElsewhere('namespaces', 'node');
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'idle' },
    spec: { containers: [{ name: 'idle', image: PAUSE_IMAGE }] },
  };
  const binaries = await ensureBinaries();
  const env = { ...process.env, KUBECONFIG: elsewhere.adminKubeconfig };
  const kubectl = (args: readonly string[], stdin?: string): Promise<string> =>
    runCommand(binaries.path('kubectl'), args, { env, ...(stdin === undefined ? {} : { stdin }) });
  await kubectl(['create', '--validate=ignore', '-f', '-'], JSON.stringify(pod));
  await kubectl(['wait', '--for=condition=Ready', 'pod/idle', '--timeout=40s']);
  await killAndClean(elsewhere);
  expect(await leftOf(elsewhere.traces)).toEqual([]);
});

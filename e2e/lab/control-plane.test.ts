import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from './lab.ts';
import { startTestLab } from './testing/test-lab.ts';
import { FAMILIES, versionOf } from './tool-families.ts';
import { until } from './wait.ts';

const WIDGETS = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.lab.example' },
  spec: {
    group: 'lab.example',
    scope: 'Namespaced',
    names: { kind: 'Widget', plural: 'widgets', singular: 'widget' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: {
                type: 'object',
                properties: {
                  min: { type: 'integer', default: 1 },
                  max: { type: 'integer' },
                  serial: {
                    type: 'string',
                    'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'serial is immutable' }],
                  },
                },
                'x-kubernetes-validations': [
                  { rule: 'self.min <= self.max', message: 'min must not exceed max' },
                ],
              },
            },
          },
        },
      },
    ],
  },
};

const widget = (name: string, spec: object): object => ({
  apiVersion: 'lab.example/v1',
  kind: 'Widget',
  metadata: { name, namespace: 'default' },
  spec,
});

const namespace = (name: string): object => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });

const deployment = (name: string, replicas: number): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'web', image: 'lab.example/web:1' }] },
    },
  },
});

let lab: Lab;

beforeAll(async () => {
  lab = await startTestLab({ nodes: 2 });
});

afterAll(() => lab.stop());

async function serviceAccountOf(name: string): Promise<void> {
  await until(`the ServiceAccount of ${name}`, async () => {
    await lab.kubectl(['get', 'serviceaccount/default', 'configmap/kube-root-ca.crt', '-n', name]);
    return true;
  });
}

describe('a lab', () => {
  test('is the Kubernetes that was asked for, and kubectl is of the same version', async () => {
    const kube = FAMILIES.find(({ name }) => name === 'kube')!;
    const { clientVersion, serverVersion } = JSON.parse(await lab.kubectl(['version', '-o', 'json']));
    expect([clientVersion.gitVersion, serverVersion.gitVersion]).toEqual([versionOf(kube), versionOf(kube)]);
  });

  test('gives a new namespace its ServiceAccount and the authority to trust', async () => {
    await lab.apply([namespace('fresh')]);
    await expect(serviceAccountOf('fresh')).resolves.toBeUndefined();
  });

  test('checks a custom resource by schema and CEL, and answers in the words of the rule', async () => {
    await lab.apply([WIDGETS]);
    await lab.kubectl(['wait', '--for=condition=Established', 'crd/widgets.lab.example', '--timeout=30s']);
    await lab.apply([widget('good', { max: 3, serial: 'a' })]);
    const { spec } = JSON.parse(await lab.kubectl(['get', 'widget', 'good', '-o', 'json']));
    expect(spec).toEqual({ min: 1, max: 3, serial: 'a' });
    await expect(lab.apply([widget('bad', { min: 4, max: 3 })])).rejects.toThrow('min must not exceed max');
    await expect(lab.apply([widget('good', { max: 3, serial: 'b' })])).rejects.toThrow('serial is immutable');
  });

  test('gets the pods of a Deployment ready on its fake nodes', async () => {
    await lab.apply([deployment('web', 4)]);
    await lab.kubectl(['rollout', 'status', 'deployment/web', '--timeout=60s']);
    const { items } = JSON.parse(await lab.kubectl(['get', 'pods', '-l', 'app=web', '-o', 'json']));
    const nodes: string[] = items.map((pod: { spec: { nodeName: string } }) => pod.spec.nodeName);
    expect([...new Set(nodes)].toSorted()).toEqual(['fake-0', 'fake-1']);
  });

  test('grows to 50 nodes and 300 pods', async () => {
    const added = await lab.addNodes(48);
    expect([added[0], added.at(-1)]).toEqual(['fake-2', 'fake-49']);
    await lab.apply([deployment('many', 300)]);
    await lab.kubectl(['rollout', 'status', 'deployment/many', '--timeout=90s'], { timeoutMs: 100_000 });
    await lab.kubectl(['delete', 'deployment/many']);
  });

  test('hands out the rights of a ServiceAccount, and no more', async () => {
    await lab.apply([
      namespace('limited'),
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'reader', namespace: 'limited' } },
    ]);
    await lab.kubectl(['create', 'role', 'reader', '-n', 'limited', '--verb=get,list', '--resource=pods']);
    const binding = ['rolebinding', 'reader', '--role=reader', '--serviceaccount=limited:reader'];
    await lab.kubectl(['create', ...binding, '-n', 'limited']);
    const kubeconfig = await lab.tokenKubeconfig({ namespace: 'limited', name: 'reader' });
    const asReader = (...args: string[]): Promise<string> => lab.kubectl(args, { kubeconfig });
    expect(await asReader('get', 'pods', '-n', 'limited', '-o', 'name')).toBe('');
    await expect(asReader('get', 'secrets', '-n', 'limited')).rejects.toThrow(/forbidden/i);
    await expect(asReader('get', 'pods', '-n', 'default')).rejects.toThrow(/forbidden/i);
    await expect(asReader('create', 'configmap', 'x', '-n', 'limited')).rejects.toThrow(/forbidden/i);
  });

  test('refuses a pod that is not restricted where a namespace asks for it', async () => {
    await lab.apply([
      {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: 'strict', labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } },
      },
    ]);
    await serviceAccountOf('strict');
    const running = lab.kubectl(['run', 'loose', '-n', 'strict', '--image=lab.example/web:1']);
    await expect(running).rejects.toThrow('violates PodSecurity "restricted:latest"');
  });

  test('tells who wrote what, without what never stops', async () => {
    const since = Date.now();
    await lab.kubectl(['create', 'configmap', 'noted']);
    const written = await lab.auditLog({ since, user: 'lab-admin' });
    expect(written).toMatchObject([
      {
        verb: 'create',
        objectRef: { resource: 'configmaps', namespace: 'default', name: 'noted' },
        responseStatus: { code: 201 },
      },
    ]);
    expect(written[0]?.userAgent).toContain('kubectl/');
    // The nodes renew theirs all the time.
    expect(await lab.auditLog({ resource: 'leases' })).toEqual([]);
  });

  test('restarts its API server in place: nothing is lost, and the controllers go on', async () => {
    await lab.kubectl(['create', 'configmap', 'kept']);
    const before = lab.pids['kube-apiserver'];
    await lab.restartApiServer({
      signal: 'SIGKILL',
      whileDown: async () => {
        await expect(lab.kubectl(['get', 'configmap', 'kept'])).rejects.toThrow('refused');
      },
    });
    expect(lab.pids['kube-apiserver']).not.toBe(before);
    await lab.kubectl(['get', 'configmap', 'kept']);
    await lab.apply([namespace('after')]);
    await serviceAccountOf('after');
  });

  test('forgets old revisions when it is told to', async () => {
    const named = (...args: string[]): Promise<string> => lab.kubectl([...args, 'configmap', 'old']);
    await named('create');
    const version = await named('get', '-o', 'jsonpath={.metadata.resourceVersion}');
    const asOf = `/api/v1/namespaces/default/configmaps?resourceVersion=${version}&resourceVersionMatch=Exact`;
    await named('delete');
    expect(await lab.kubectl(['get', '--raw', asOf])).toContain('"old"');
    await lab.restartApiServer({ signal: 'SIGKILL', whileDown: () => lab.compact() });
    await expect(lab.kubectl(['get', '--raw', asOf])).rejects.toThrow('too old');
  });
});

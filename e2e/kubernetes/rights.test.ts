import type { Lab } from '@process-meter/e2e/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiServer, type ApiServer } from './api-server.ts';
import { grantRights } from './operator-process.ts';
import { ACCOUNT, LEASE, tokenOf } from './testing/crew.ts';
import {
  allowed,
  inWords,
  isWanted,
  questions,
  resourcesToAsk,
  type Layout,
  type Question,
} from './testing/rights-matrix.ts';
import { NAMESPACE, startWorld, type World } from './world.ts';

const APART: Layout = { own: 'operators', watched: 'other-metering', lease: LEASE };
const TOGETHER: Layout = { own: NAMESPACE, watched: NAMESPACE, lease: LEASE };

let world: World;
let lab: Lab;
let api: ApiServer;

beforeAll(async () => {
  world = await startWorld({});
  ({ lab } = world);
  api = apiServer(lab);
  const kind = { apiVersion: 'v1', kind: 'Namespace' };
  await lab.apply([APART.own, APART.watched].map((name) => ({ ...kind, metadata: { name } })));
});
afterAll(async () => {
  api?.close();
  await lab?.stop();
});

/** Every verb on every resource where the operator is, where it works, elsewhere, and in the cluster. */
async function everything({ own, watched }: Layout): Promise<Question[]> {
  const namespaces = [...new Set([own, watched, 'default', ''])];
  const lease = { group: 'coordination.k8s.io', resource: 'leases' };
  const named = [own, watched].flatMap((namespace) =>
    ['get', 'update', 'patch', 'delete'].flatMap((verb) =>
      [LEASE, 'another'].map((name) => ({ ...lease, namespace, verb, name })),
    ),
  );
  return [...questions(await resourcesToAsk(api), namespaces), ...named];
}

/** What a layout may do although it should not, and the other way round. */
async function differences(
  kubeconfig: string,
  layout: Layout,
): Promise<{ asked: number; yes: number; wrong: string[] }> {
  const own = apiServer(lab, tokenOf(kubeconfig));
  const asked = await everything(layout);
  try {
    const yes = await allowed(own, asked);
    const wrong = asked
      .filter((question) => yes.has(question) !== isWanted(question, layout))
      .map((question) => `${yes.has(question) ? 'may' : 'may not'} ${inWords(question)}`);
    return { asked: asked.length, yes: yes.size, wrong };
  } finally {
    own.close();
  }
}

test('the operator may do what its source says and nothing else: every verb on every resource, here, elsewhere and in the cluster', async () => {
  const { asked, yes, wrong } = await differences(world.kubeconfig, TOGETHER);
  process.stdout.write(`rights: ${asked} questions, ${yes} of them answered with yes\n`);
  expect(wrong).toEqual([]);
  expect(yes).toBeGreaterThan(90);
  expect(asked).toBeGreaterThan(4000);
});

test('an operator that looks after another namespace has its lease at home and all else there', async () => {
  const kubeconfig = await grantRights(lab, APART.own, APART.watched);
  const { wrong } = await differences(kubeconfig, APART);
  expect(wrong).toEqual([]);
});

test('what it may not do is refused when it tries', async () => {
  const own = apiServer(lab, tokenOf(world.kubeconfig));
  await lab.kubectl(['create', 'secret', 'generic', 'foreign', '-n', 'default', '--from-literal=a=b']);
  await lab.kubectl(['run', 'pod', '-n', 'default', '--image=lab.example/pod:1']);
  const here = `/api/v1/namespaces/${NAMESPACE}`;
  const rbac = '/apis/rbac.authorization.k8s.io/v1';
  const everything = [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }];
  const role = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name: 'more' }, rules: everything };
  const admin = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' };
  const me = [{ kind: 'ServiceAccount', name: ACCOUNT, namespace: NAMESPACE }];
  const tries: [Parameters<ApiServer['call']>[0], string, object?][] = [
    ['GET', '/api/v1/namespaces/default/secrets/foreign'],
    ['GET', '/api/v1/secrets'],
    ['DELETE', `${here}/secrets/meter-database`],
    ['GET', '/api/v1/nodes'],
    ['GET', '/api/v1/namespaces'],
    ['POST', `${rbac}/clusterroles`, { ...role, kind: 'ClusterRole' }],
    ['POST', `${rbac}/namespaces/${NAMESPACE}/roles`, { ...role, kind: 'Role' }],
    ['PATCH', `${rbac}/namespaces/${NAMESPACE}/roles/${ACCOUNT}`, { rules: everything }],
    [
      'POST',
      `${rbac}/namespaces/${NAMESPACE}/rolebindings`,
      { ...role, kind: 'RoleBinding', roleRef: admin, subjects: me },
    ],
    ['POST', '/api/v1/namespaces/default/pods/pod/exec?command=id'],
    ['GET', '/api/v1/namespaces/default/pods/pod/log'],
    ['GET', '/api/v1/namespaces/default/pods'],
    ['GET', `${here}/pods/any`],
    ['GET', `${here}/pods/any/log`],
    ['GET', `${here}/pods?watch=true`],
    ['POST', `${here}/pods/any/exec?command=id`],
    ['DELETE', `${here}/pods/any`],
    ['PATCH', `${here}/pods/any/status`, {}],
    ['DELETE', `/apis/processmeter.io/v1alpha1/namespaces/${NAMESPACE}/processmeterbackups/any`],
    ['POST', `/apis/processmeter.io/v1alpha1/namespaces/${NAMESPACE}/processmeterrestores`, {}],
    ['POST', `${here}/serviceaccounts/default/token`, { kind: 'TokenRequest', spec: {} }],
    ['POST', `${here}/pods`, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'own' } }],
    ['PATCH', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/portals.processmeter.io', {}],
    ['PATCH', `/apis/processmeter.io/v1alpha1/namespaces/${NAMESPACE}/processmeters/meter`, {}],
    ['GET', '/metrics'],
  ];
  for (const [method, path, body] of tries) {
    const { status } = await own.call(method, path, body);
    expect([method, path, status]).toEqual([method, path, 403]);
  }
  own.close();
});

import type { Lab } from '@process-meter/e2e/lab';
import { z } from 'zod';

const metadataSchema = z.looseObject({
  name: z.string(),
  namespace: z.string().optional(),
  uid: z.string(),
  resourceVersion: z.string(),
});
const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: metadataSchema,
  spec: z.looseObject({}).optional(),
});
const listSchema = z.object({ items: z.array(objectSchema) });
export type ClusterObject = z.infer<typeof objectSchema>;

/** One object, such as `deployment/x`. @throws CommandError when it is not there */
export async function objectAt(lab: Lab, what: string, namespace = 'default'): Promise<ClusterObject> {
  return objectSchema.parse(JSON.parse(await lab.kubectl(['get', what, '-n', namespace, '-o', 'json'])));
}

/** Kinds that the cluster itself makes and changes all the time. */
const OF_THE_CLUSTER = ['events', 'events.events.k8s.io', 'leases.coordination.k8s.io', 'endpoints'];

/** Every object of a namespace, as `kind/name`, except what every namespace has. */
export async function everythingIn(lab: Lab, namespace: string): Promise<string[]> {
  const listed = await lab.kubectl(['api-resources', '--verbs=list', '--namespaced', '-o', 'name']);
  const resources = listed
    .trim()
    .split('\n')
    .filter((name) => !OF_THE_CLUSTER.includes(name));
  const found = await listNames(lab, resources.join(','), ['-n', namespace]);
  return found.filter((name) => !['ConfigMap/kube-root-ca.crt', 'ServiceAccount/default'].includes(name));
}

/** What the charts made for the whole cluster, as `kind/name`. */
export async function clusterWide(lab: Lab): Promise<string[]> {
  const kinds = 'clusterroles,clusterrolebindings,customresourcedefinitions';
  return listNames(lab, kinds, ['-l', 'app.kubernetes.io/managed-by=Helm']);
}

async function listNames(lab: Lab, resources: string, args: readonly string[]): Promise<string[]> {
  const text = await lab.kubectl(['get', resources, ...args, '-o', 'json', '--ignore-not-found']);
  if (text.trim() === '') return [];
  const { items } = listSchema.parse(JSON.parse(text));
  return items.map(({ kind, metadata }) => `${kind}/${metadata.name}`).toSorted();
}

/** A namespace that takes only pods of the restricted profile. */
export async function restrictedNamespace(lab: Lab, name: string): Promise<void> {
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' };
  await lab.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } }]);
}

import type { Lab } from '@process-meter/e2e/lab';
import { z } from 'zod';

const KINDS = [
  'managers.processmeter.io',
  'ingests.processmeter.io',
  'portals.processmeter.io',
  'deployments',
  'statefulsets',
  'jobs',
  'cronjobs',
  'services',
  'serviceaccounts',
  'configmaps',
  'secrets',
  'poddisruptionbudgets',
  'networkpolicies',
  'ingresses',
];

const ownedSchema = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    ownerReferences: z.array(z.looseObject({ kind: z.string(), uid: z.string() })).default([]),
  }),
});
const listSchema = z.object({ items: z.array(ownedSchema) });

export type Owned = z.infer<typeof ownedSchema>;

/** Everything that an operator made in a namespace: uid by `Kind/name`. */
export async function ownedObjects(lab: Lab, namespace: string): Promise<ReadonlyMap<string, string>> {
  const items = await ownedList(lab, namespace);
  return new Map(items.map(({ kind, metadata }) => [`${kind}/${metadata.name}`, metadata.uid]));
}

/** Everything that an operator made in a namespace. */
export async function ownedList(lab: Lab, namespace: string): Promise<Owned[]> {
  const args = [
    'get',
    KINDS.join(','),
    '-n',
    namespace,
    '-l',
    'app.kubernetes.io/managed-by=process-meter-operator',
  ];
  return listSchema.parse(JSON.parse(await lab.kubectl([...args, '-o', 'json']))).items;
}

/** Waits until a condition holds. @throws with `what` when it does not */
export async function until(
  what: string,
  holds: () => Promise<boolean> | boolean,
  ms = 100_000,
): Promise<void> {
  const end = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

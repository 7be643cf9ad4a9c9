import type { AuditEntry, Lab } from '@process-meter/e2e/lab';
import { z } from 'zod';
import type { ApiServer } from '../api-server.ts';
import { ownedList, type Owned } from '../owned-objects.ts';

const RESOURCES = ['processmeter/meter', 'manager/meter', 'ingest/meter', 'portal/meter'];
/** They outlive their ProcessMeter unless its deletion policy says otherwise. */
const KEPT = ['Secret/meter-admin', 'Secret/meter-service'];

const resourceSchema = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), generation: z.number() }),
  status: z.object({
    observedGeneration: z.number(),
    conditions: z.array(z.object({ type: z.string(), status: z.string() })),
  }),
});

/** What must hold once an operator has come to rest, whatever went wrong before. @returns what does not, in words */
export async function brokenInvariants(
  { lab, api, namespace }: { lab: Lab; api: ApiServer; namespace: string },
  writes: readonly AuditEntry[],
): Promise<string[]> {
  const text = await lab.kubectl(['get', ...RESOURCES, '-n', namespace, '-o', 'json']);
  const resources = z.object({ items: z.array(resourceSchema) }).parse(JSON.parse(text)).items;
  const owned = await ownedList(lab, namespace);
  const owners = new Set(resources.map(({ metadata }) => metadata.uid));
  return [
    ...resources.flatMap(notReady),
    ...owned.flatMap((object) => notOwned(object, owners)),
    ...(await unmarked(api, writes)),
    ...jobsTooMany(owned, writes),
  ];
}

function notReady({ metadata, status }: z.infer<typeof resourceSchema>): string[] {
  const ready = status.conditions.some(({ type, status: holds }) => type === 'Ready' && holds === 'True');
  const isOf = status.observedGeneration === metadata.generation;
  return [
    ...(ready ? [] : [`${metadata.name} is not ready`]),
    ...(isOf ? [] : [`${metadata.name} tells of an older generation`]),
  ];
}

function notOwned({ kind, metadata }: Owned, owners: ReadonlySet<string>): string[] {
  const name = `${kind}/${metadata.name}`;
  const { ownerReferences, labels } = metadata;
  const hasOwner = ownerReferences.length === 1 && owners.has(ownerReferences[0]?.uid ?? '');
  return [
    ...(hasOwner || KEPT.includes(name) ? [] : [`${name} is an orphan`]),
    ...(labels['app.kubernetes.io/part-of'] === 'process-meter' ? [] : [`${name} is not marked as a part`]),
  ];
}

const labelsSchema = z.object({
  metadata: z.object({ labels: z.record(z.string(), z.string()).default({}) }),
});

/** What it made, is still there, and does not carry its mark. */
async function unmarked(api: ApiServer, writes: readonly AuditEntry[]): Promise<string[]> {
  const made = new Set(madeBy(writes).map(({ requestURI }) => requestURI.replace(/\?.*/, '')));
  const found: string[] = [];
  for (const path of made) {
    const { status, body } = await api.call('GET', path);
    if (status !== 200) continue;
    const { labels } = labelsSchema.parse(body).metadata;
    if (labels['app.kubernetes.io/managed-by'] !== 'process-meter-operator')
      found.push(`${path} is unmarked`);
  }
  return found;
}

/** Objects that a server-side apply made. */
function madeBy(writes: readonly AuditEntry[]): AuditEntry[] {
  return writes.filter(({ verb, responseStatus }) => verb === 'patch' && responseStatus?.code === 201);
}

/** One Job runs the migrations of what is declared; none is made twice. */
function jobsTooMany(owned: readonly Owned[], writes: readonly AuditEntry[]): string[] {
  const present = owned.filter(({ kind }) => kind === 'Job').map(({ metadata }) => metadata.name);
  const names = madeBy(writes)
    .filter(({ objectRef }) => objectRef?.resource === 'jobs')
    .map(({ objectRef }) => objectRef?.name ?? '');
  const twice = names.filter((name, at) => names.indexOf(name) !== at);
  return [
    ...(present.length === 1 ? [] : [`Jobs: ${present.join(', ')}`]),
    ...twice.map((name) => `Job ${name} was made twice`),
  ];
}

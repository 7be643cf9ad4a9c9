import { z } from 'zod';
import { STATEFUL_SETS, VOLUME_CLAIMS } from '../resources.ts';
import { agrees, keyOf, type Desired, type KubeObject } from '../runtime/index.ts';
import { wait, type Pass, type StepDeps, type StepResult } from './pass.ts';

const setSchema = z.looseObject({
  spec: z.looseObject({
    replicas: z.number().int(),
    volumeClaimTemplates: z.array(
      z.looseObject({
        metadata: z.looseObject({ name: z.string() }),
        spec: z.looseObject({ resources: z.looseObject({ requests: z.record(z.string(), z.unknown()) }) }),
      }),
    ),
  }),
});

/** What growing needs of a pass and of the steps' dependencies. */
type GrowPass = Pick<Pass, 'signal'>;
type GrowDeps = Pick<StepDeps, 'client' | 'statefulSets'>;

/**
 * A StatefulSet cannot change the size of its volumes. So the volumes are grown one by one, then it goes without its
 * pods, and the one that is made next takes them over. Answers undefined when there is nothing of this to do.
 */
export async function growVolumes(
  pass: GrowPass,
  deps: GrowDeps,
  { desired, reason }: { desired: readonly Desired[]; reason: 'PostgresNotReady' | 'NatsNotReady' },
): Promise<StepResult | undefined> {
  const set = desired.find(({ resource }) => resource === STATEFUL_SETS)?.object;
  const live = set && deps.statefulSets.get(keyOf(set));
  if (set === undefined || live === undefined) return undefined;
  if (live.metadata.deletionTimestamp === undefined) {
    if (agrees(sizesOf(set), sizesOf(live))) return undefined;
    await growClaims(pass, deps, set);
    const { uid } = live.metadata;
    await deps.client.delete(STATEFUL_SETS, keyOf(set), {
      signal: pass.signal,
      propagation: 'Orphan',
      ...(uid === undefined ? {} : { uid }),
    });
  }
  return wait(
    reason,
    `StatefulSet ${set.metadata.name} is made anew around its pods, whose volumes grow.`,
    5000,
  );
}

function sizesOf(set: KubeObject): object[] {
  const { volumeClaimTemplates } = setSchema.parse(set).spec;
  return volumeClaimTemplates.map(({ spec }) => ({ requests: spec.resources.requests }));
}

async function growClaims({ signal }: GrowPass, { client }: GrowDeps, set: KubeObject): Promise<void> {
  const { replicas, volumeClaimTemplates } = setSchema.parse(set).spec;
  for (const { metadata, spec } of volumeClaimTemplates)
    for (let pod = 0; pod < replicas; pod += 1) {
      const key = { ...keyOf(set), name: `${metadata.name}-${set.metadata.name}-${pod}` };
      const resources = { requests: spec.resources.requests };
      const claim = await client.get(VOLUME_CLAIMS, key, { signal });
      if (claim !== undefined && !agrees({ resources }, claim['spec']))
        await client.merge(VOLUME_CLAIMS, key, { spec: { resources } }, { signal });
    }
}

import { z } from 'zod';
import { PODS } from '../resources.ts';
import type { KubeClient, KubeObject } from '../runtime/index.ts';

const count = z.number().default(0);
const deploymentSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string().default(''), generation: count }),
  spec: z.looseObject({
    replicas: z.number().default(1),
    selector: z.looseObject({ matchLabels: z.record(z.string(), z.string()).default({}) }).prefault({}),
  }),
  status: z.looseObject({ observedGeneration: count, replicas: count }).prefault({}),
});

/**
 * Which pods of a Deployment are there, may still come, or are ending: a Deployment itself does not count the last. They are
 * asked for at the API server. Undefined once there is none.
 */
export async function podsLeft(
  deployment: KubeObject,
  client: KubeClient,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { metadata, spec, status } = deploymentSchema.parse(deployment);
  const isDown = spec.replicas === 0 && status.replicas === 0;
  if (!isDown || status.observedGeneration < metadata.generation)
    return `Deployment ${metadata.name} still has pods`;
  const labels = Object.entries(spec.selector.matchLabels).map(([label, value]) => `${label}=${value}`);
  const { namespace } = metadata;
  const pods = await client.list(PODS, { namespace, labelSelector: labels.join(','), signal });
  if (pods.length === 0) return undefined;
  return pods.length === 1
    ? `1 pod of ${metadata.name} is still ending`
    : `${pods.length} pods of ${metadata.name} are still ending`;
}

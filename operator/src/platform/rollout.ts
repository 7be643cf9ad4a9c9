import { z } from 'zod';
import type { PartReason } from '../reasons.ts';
import type { KubeObject, Progress } from '../runtime/index.ts';

const count = z.number().int().default(0);
const deploymentSchema = z.looseObject({
  metadata: z.looseObject({ generation: count }),
  spec: z.looseObject({ replicas: z.number().int().default(1) }),
  status: z
    .looseObject({
      observedGeneration: count,
      replicas: count,
      readyReplicas: count,
      updatedReplicas: count,
      availableReplicas: count,
      conditions: z
        .array(
          z.looseObject({
            type: z.string(),
            status: z.string(),
            reason: z.string().default(''),
            message: z.string().default(''),
          }),
        )
        .default([]),
    })
    .default({
      observedGeneration: 0,
      replicas: 0,
      readyReplicas: 0,
      updatedReplicas: 0,
      availableReplicas: 0,
      conditions: [],
    }),
});

/** How far a roll-out is. */
export interface Rollout {
  replicas: number;
  readyReplicas: number;
  updatedReplicas: number;
  desired: number;
  /** Enough pods answer, also while an update is on its way. */
  available: boolean;
  progress: Progress<PartReason>;
}

/** Reads a Deployment, or a StatefulSet, which has the same fields as far as they are asked here. */
export function rolloutOf(object: KubeObject): Rollout {
  const { metadata, spec, status } = deploymentSchema.parse(object);
  const { replicas, readyReplicas, updatedReplicas } = status;
  const observed = status.observedGeneration >= metadata.generation;
  const done =
    observed &&
    updatedReplicas === spec.replicas &&
    replicas === spec.replicas &&
    status.availableReplicas === spec.replicas;
  const stuck = status.conditions.find(
    ({ type, status: holds, reason }) =>
      type === 'Progressing' && holds === 'False' && reason === 'ProgressDeadlineExceeded',
  );
  return {
    replicas,
    readyReplicas,
    updatedReplicas,
    desired: spec.replicas,
    available: status.availableReplicas >= spec.replicas,
    progress: done
      ? { state: 'ready', reason: 'RolledOut', message: podsText(spec.replicas) }
      : observed && stuck !== undefined
        ? { state: 'stalled', reason: 'RolloutStuck', message: stuck.message }
        : {
            state: 'reconciling',
            reason: 'RollingOut',
            message: `${Math.min(updatedReplicas, status.availableReplicas)} of ${podsText(spec.replicas)}`,
          },
  };
}

function podsText(pods: number): string {
  return pods === 1 ? '1 pod is ready.' : `${pods} pods are ready.`;
}

import { z } from 'zod';
import type { ApiServer } from '../api-server.ts';

const deploymentSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), generation: z.number() }),
  spec: z.looseObject({
    replicas: z.number(),
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ image: z.string() })).min(1) }),
    }),
  }),
  status: z
    .looseObject({
      observedGeneration: z.number().default(0),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
    })
    .prefault({}),
});

/** A Deployment as it was after one change. */
export interface RolloutState {
  readonly name: string;
  readonly image: string;
  readonly wanted: number;
  readonly available: number;
  /** All its pods are of the image and available. */
  readonly done: boolean;
}

/** What the Deployments of a namespace went through, every change in its order. */
export interface RolloutRecord {
  readonly states: readonly RolloutState[];
  stop(): void;
}

export function recordRollouts(api: ApiServer, namespace: string): RolloutRecord {
  const states: RolloutState[] = [];
  const stop = api.watch(`/apis/apps/v1/namespaces/${namespace}/deployments`, ({ object }) =>
    states.push(stateOf(object)),
  );
  return { states, stop };
}

function stateOf(object: unknown): RolloutState {
  const { metadata, spec, status } = deploymentSchema.parse(object);
  const counts = [status.replicas, status.updatedReplicas, status.availableReplicas];
  return {
    name: metadata.name,
    image: spec.template.spec.containers[0]?.image ?? '',
    wanted: spec.replicas,
    available: status.availableReplicas,
    done:
      status.observedGeneration >= metadata.generation && counts.every((count) => count === spec.replicas),
  };
}

/** What happened to a release, in its order: `meter-manager begins`, `meter-manager is done` and so on. */
export function stepsTo(version: string, states: readonly RolloutState[]): string[] {
  const steps = states
    .filter(({ image }) => image.endsWith(`:${version}`))
    .flatMap(({ name, done }) => [`${name} begins`, ...(done ? [`${name} is done`] : [])]);
  return [...new Set(steps)];
}

import { z } from 'zod';
import { STATEFUL_SETS } from '../resources.ts';
import { keyOf, type Desired } from '../runtime/index.ts';
import { stall, type StepDeps, type StepResult } from './pass.ts';

const setSchema = z.looseObject({ spec: z.looseObject({ replicas: z.number().int() }) });

/**
 * One server alone keeps its streams to itself: as a member of several it begins without them, and what agents sent and
 * nobody stored yet would be gone (tried with the server). Of several none may go either: streams live on it.
 * @returns undefined when the number may be brought about
 */
export function serversRefused(
  { statefulSets }: Pick<StepDeps, 'statefulSets'>,
  desired: readonly Desired[],
): StepResult | undefined {
  const set = desired.find(({ resource }) => resource === STATEFUL_SETS)?.object;
  const live = set && statefulSets.get(keyOf(set));
  if (set === undefined || live === undefined) return undefined;
  const [present, wanted] = [replicasOf(live), replicasOf(set)];
  if (present === wanted || (present > 1 && wanted > present)) return undefined;
  return stall(
    'ServersCannotChange',
    `There ${present === 1 ? 'is one NATS server' : `are ${present} NATS servers`}, and ${wanted} are wanted: ` +
      `streams would be lost. Set messaging.embedded.replicas back to ${present}.`,
  );
}

const replicasOf = (set: unknown): number => setSchema.parse(set).spec.replicas;

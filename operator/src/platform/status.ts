import type { Condition, KubeObject } from '../runtime/index.ts';

/** The fields that the status of every kind begins with. */
export interface CommonStatus extends Record<string, unknown> {
  observedGeneration?: number;
  conditions?: Condition[];
}

function isCondition(value: unknown): value is Condition {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    'status' in value &&
    'reason' in value &&
    'message' in value &&
    'lastTransitionTime' in value
  );
}

/** A status as it was stored, as far as it can be read. */
export function readStatus(status: unknown): CommonStatus {
  if (typeof status !== 'object' || status === null) return {};
  const fields: Record<string, unknown> = { ...status };
  const { conditions } = fields;
  return { ...fields, conditions: Array.isArray(conditions) ? conditions.filter(isCondition) : [] };
}

/** True when the object says of its present generation that it is ready. */
export function isReady(object: KubeObject): boolean {
  const { observedGeneration, conditions = [] } = readStatus(object['status']);
  if (observedGeneration !== object.metadata.generation) return false;
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

/** The message of the condition Ready; empty when there is none. */
export function readyMessage(object: KubeObject): string {
  return readStatus(object['status']).conditions?.find(({ type }) => type === 'Ready')?.message ?? '';
}

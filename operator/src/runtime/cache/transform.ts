import type { KubeObject } from '../kube/object.ts';

/**
 * What is kept of an object: not who set which field, which is half of its size, and no secret's content. Frozen,
 * because everyone who asks gets the same object.
 */
export function forCache(object: KubeObject): KubeObject {
  delete object.metadata['managedFields'];
  if (object.kind === 'Secret') {
    delete object['data'];
    delete object['stringData'];
    dropLastApplied(object);
  }
  return deepFreeze(object);
}

/** kubectl apply keeps a copy of the whole object, content included, in an annotation. */
function dropLastApplied(object: KubeObject): void {
  const { annotations } = object.metadata;
  if (annotations !== undefined) delete annotations['kubectl.kubernetes.io/last-applied-configuration'];
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}

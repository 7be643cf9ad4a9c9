import type { KubeObject } from '../runtime/kube/object.ts';

export interface StubEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  object: KubeObject;
  version: number;
}

interface Change {
  collection: string;
  event: StubEvent;
}

/** The objects behind the stub: enough of etcd and of the rules of storage to try a client on. */
export class StubStore {
  readonly #objects = new Map<string, KubeObject>();
  readonly #history: Change[] = [];
  #version = 100;
  #oldest = 0;
  #uids = 0;
  changed: (change: Change) => void = () => {};

  get version(): number {
    return this.#version;
  }

  /** Watches from before now are told that they are too late. */
  compact(): void {
    this.#oldest = this.#version;
  }

  /** Later than every version so far, as after writes elsewhere. */
  skip(): number {
    return (this.#version += 1);
  }

  isTooOld(version: number): boolean {
    return version < this.#oldest;
  }

  get(path: string): KubeObject | undefined {
    return this.#objects.get(path);
  }

  /** Objects of a collection path, also of all namespaces. */
  list(collection: string): KubeObject[] {
    return [...this.#objects].filter(([path]) => inCollection(path, collection)).map(([, object]) => object);
  }

  since(collection: string, version: number): StubEvent[] {
    return this.#history
      .filter(({ collection: of, event }) => event.version > version && inCollection(`${of}/x`, collection))
      .map(({ event }) => event);
  }

  put(path: string, object: KubeObject): KubeObject {
    const before = this.#objects.get(path);
    const version = (this.#version += 1);
    const changedSpec = JSON.stringify(before?.['spec']) !== JSON.stringify(object['spec']);
    const generation = before === undefined ? 1 : (before.metadata.generation ?? 1) + (changedSpec ? 1 : 0);
    const stored: KubeObject = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: before?.metadata.uid ?? `uid-${(this.#uids += 1)}`,
        resourceVersion: String(version),
        generation,
      },
    };
    this.#objects.set(path, stored);
    this.#tell(path, { type: before === undefined ? 'ADDED' : 'MODIFIED', object: stored, version });
    return stored;
  }

  delete(path: string): KubeObject | undefined {
    const object = this.#objects.get(path);
    if (object === undefined) return undefined;
    this.#objects.delete(path);
    const version = (this.#version += 1);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#tell(path, { type: 'DELETED', object: last, version });
    return object;
  }

  #tell(path: string, event: StubEvent): void {
    const change = { collection: path.slice(0, path.lastIndexOf('/')), event };
    this.#history.push(change);
    this.changed(change);
  }
}

/** `/api/v1/namespaces/a/secrets/b` is in `/api/v1/namespaces/a/secrets` and in `/api/v1/secrets`. */
export function inCollection(path: string, collection: string): boolean {
  const own = path.slice(0, path.lastIndexOf('/'));
  return own === collection || own.replace(/\/namespaces\/[^/]+/, '') === collection;
}

/** What server-side apply does as far as a client can tell, without owners of fields: objects merge, lists do not. */
export function mergeApply(before: unknown, applied: unknown): unknown {
  if (!isRecord(before) || !isRecord(applied)) return applied;
  const merged: Record<string, unknown> = { ...before };
  for (const [field, value] of Object.entries(applied)) merged[field] = mergeApply(before[field], value);
  return merged;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

import { keyOf, keyText, type KubeObject, type ObjectKey } from '../kube/object.ts';
import type { IndexFunction, Lister, StoreChange } from './informer-types.ts';

/** The objects of one resource by key, with indexes. It knows nothing of where they come from. */
export class Store implements Lister {
  readonly #objects = new Map<string, KubeObject>();
  readonly #namespaces = new Map<string, Set<string>>();
  readonly #indexes = new Map<string, { of: IndexFunction; keys: Map<string, Set<string>> }>();
  readonly #changed: (change: StoreChange) => void;

  constructor(changed: (change: StoreChange) => void) {
    this.#changed = changed;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#objects.get(keyText(key));
  }

  list(namespace?: string): readonly KubeObject[] {
    if (namespace === undefined) return [...this.#objects.values()];
    return this.#resolve(this.#namespaces.get(namespace));
  }

  byIndex(index: string, value: string): readonly KubeObject[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new Error(`no index is named ${index}`);
    return this.#resolve(found.keys.get(value));
  }

  addIndex(name: string, of: IndexFunction): void {
    if (this.#indexes.has(name)) return;
    const keys = new Map<string, Set<string>>();
    this.#indexes.set(name, { of, keys });
    for (const [key, object] of this.#objects) for (const value of of(object)) link(keys, value, key);
  }

  /** Takes an object in. The same version again is no change: servers send such events. */
  upsert(object: KubeObject, source: StoreChange['source']): void {
    const key = keyText(keyOf(object));
    const before = this.#objects.get(key);
    if (before !== undefined && sameVersion(before, object)) return;
    if (before !== undefined) this.#unindex(key, before);
    this.#objects.set(key, object);
    this.#index(key, object);
    this.#changed({ before, now: object, source });
  }

  remove(key: ObjectKey, source: StoreChange['source']): void {
    const text = keyText(key);
    const before = this.#objects.get(text);
    if (before === undefined) return;
    this.#unindex(text, before);
    this.#objects.delete(text);
    this.#changed({ before, now: undefined, source });
  }

  /** Makes the store equal to a list, telling only the differences. */
  replace(objects: readonly KubeObject[]): void {
    const listed = new Set(objects.map((object) => keyText(keyOf(object))));
    const gone = [...this.#objects].filter(([key]) => !listed.has(key)).map(([, object]) => keyOf(object));
    for (const key of gone) this.remove(key, 'list');
    for (const object of objects) this.upsert(object, 'list');
  }

  #resolve(keys: ReadonlySet<string> | undefined): readonly KubeObject[] {
    const found: KubeObject[] = [];
    for (const key of keys ?? []) {
      const object = this.#objects.get(key);
      if (object !== undefined) found.push(object);
    }
    return found;
  }

  #index(key: string, object: KubeObject): void {
    link(this.#namespaces, object.metadata.namespace ?? '', key);
    for (const { of, keys } of this.#indexes.values()) for (const value of of(object)) link(keys, value, key);
  }

  #unindex(key: string, object: KubeObject): void {
    unlink(this.#namespaces, object.metadata.namespace ?? '', key);
    for (const { of, keys } of this.#indexes.values())
      for (const value of of(object)) unlink(keys, value, key);
  }
}

function sameVersion(one: KubeObject, other: KubeObject): boolean {
  const version = one.metadata.resourceVersion;
  return (
    version !== undefined &&
    version === other.metadata.resourceVersion &&
    one.metadata.uid === other.metadata.uid
  );
}

function link(sets: Map<string, Set<string>>, value: string, key: string): void {
  const set = sets.get(value);
  if (set === undefined) sets.set(value, new Set([key]));
  else set.add(key);
}

function unlink(sets: Map<string, Set<string>>, value: string, key: string): void {
  const set = sets.get(value);
  set?.delete(key);
  if (set?.size === 0) sets.delete(value);
}

import type { KubeObject, ObjectKey } from '../kube/object.ts';
import type { ListOptions } from '../kube/client.ts';

export interface InformerOptions extends ListOptions {
  /** Fetch and keep only metadata: for secrets and for kinds of which only names and labels matter. */
  metadataOnly?: boolean;
}

/** The cached objects of one resource. They are shared and frozen: copy before you change one. */
export interface Lister {
  get(key: ObjectKey): KubeObject | undefined;
  /** All, or those of one namespace; in no particular order. */
  list(namespace?: string): readonly KubeObject[];
  /** The objects for which the index function named `index` gave `value`. */
  byIndex(index: string, value: string): readonly KubeObject[];
}

/** Why the store changed: `live` as it happened, `list` while (re)listing, which may concern thousands at once. */
export interface StoreChange {
  before: KubeObject | undefined;
  now: KubeObject | undefined;
  source: 'live' | 'list';
}

export type IndexFunction = (object: KubeObject) => readonly string[];

/** One LIST and one watch, shared by everyone who asks for the same resource and selectors. */
export interface Informer extends Lister {
  /** True once the first LIST is in the cache. */
  readonly synced: boolean;
  /** `handler` must only note keys. What it throws is logged and forgotten. */
  onChange(handler: (change: StoreChange) => void): void;
  /** Adds an index, or does nothing if one of that name exists. */
  addIndex(name: string, index: IndexFunction): void;
}

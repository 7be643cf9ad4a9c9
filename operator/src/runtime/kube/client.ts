import type { KubeObject, ObjectKey, Resource } from './object.ts';

export interface ListOptions {
  /** One namespace; all when left out. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
}

export interface CallOptions {
  signal?: AbortSignal;
}

export interface ApplyOptions extends CallOptions {
  /** Field manager: one fixed name per controller, another for status. */
  manager: string;
  dryRun?: boolean;
}

export interface DeleteOptions extends CallOptions {
  /** Delete only this very object, not one of the same name made later. */
  uid?: string;
  propagation?: 'Background' | 'Foreground' | 'Orphan';
}

/**
 * The API server, in raw JSON. Every method throws KubeError; transient failures were already retried.
 * Writes throw NotLeaderError as soon as this process may no longer write.
 */
export interface KubeClient {
  /** undefined when there is none. Reads the server, not a cache. */
  get(resource: Resource, key: ObjectKey, options?: CallOptions): Promise<KubeObject | undefined>;
  /** All pages. For what is watched, read the informer instead. */
  list(resource: Resource, options?: ListOptions & CallOptions): Promise<KubeObject[]>;
  /** Fails with `alreadyExists`: for what must be made once and never changed, such as generated secrets. */
  create(resource: Resource, object: KubeObject, options?: CallOptions): Promise<KubeObject>;
  /** Replaces the object; with `metadata.resourceVersion` it fails with `conflict` if somebody was quicker. */
  replace(resource: Resource, object: KubeObject, options?: CallOptions): Promise<KubeObject>;
  /** Server-side apply, forced: takes the fields given, lets go of those given before, leaves those of others. */
  apply(resource: Resource, object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  /** Server-side apply of `status` alone. */
  applyStatus(resource: Resource, object: KubeObject, options: ApplyOptions): Promise<KubeObject>;
  /** JSON merge patch; null removes. */
  merge(resource: Resource, key: ObjectKey, patch: unknown, options?: CallOptions): Promise<KubeObject>;
  /** No error when it is gone already or, with `uid`, when the name now belongs to another object. */
  delete(resource: Resource, key: ObjectKey, options?: DeleteOptions): Promise<void>;
  /** True when the API server serves the resource: its definition is installed and is not being deleted. */
  serves(resource: Resource, options?: CallOptions): Promise<boolean>;
}

import type { Logger } from 'pino';
import type { KubeObject, ObjectKey, Resource } from '../kube/object.ts';
import type { InformerOptions } from '../cache/informer-types.ts';

/** What one pass leaves to do: nothing, or another look after a while. Throw to be called again with backoff. */
export interface ReconcileResult {
  /** ms */
  requeueAfterMs?: number;
}

/** A change of a cached object. `before` is undefined for a new one, `now` for a deleted one. */
export interface Change {
  before: KubeObject | undefined;
  now: KubeObject | undefined;
}

export interface ReconcileContext {
  /** From the cache, frozen; undefined once deleted. It may be older than what this process wrote a moment ago. */
  object: KubeObject | undefined;
  /** Aborted at the time limit of the pass, at shutdown and when leadership is lost. Pass it to every call. */
  signal: AbortSignal;
  log: Logger;
}

/**
 * Makes the world agree with one object. Called with the key only, never with the event: look at what is,
 * not at what happened. Never called twice at once for one key.
 */
export type Reconcile = (key: ObjectKey, context: ReconcileContext) => Promise<ReconcileResult | undefined>;

export interface Watched {
  resource: Resource;
  /** Which objects of the controller's resource a change concerns. */
  keys: (object: KubeObject) => readonly ObjectKey[];
  /** Changes that matter; all when left out. */
  filter?: (change: Change) => boolean;
  options?: InformerOptions;
}

export interface ControllerOptions {
  /** Name in logs and metrics; unique. */
  name: string;
  resource: Resource;
  /** Changes of the primary that matter; default: generation, annotations, labels, finalizers or deletion. */
  filter?: (change: Change) => boolean;
  /** Resources whose objects carry a controller reference to the primary. */
  owns?: readonly { resource: Resource; options?: InformerOptions }[];
  watches?: readonly Watched[];
  /** Passes at once, of different keys; default 1. */
  concurrency?: number;
  /** Time limit of one pass, ms; default 60 s. */
  timeoutMs?: number;
  /** All objects are looked at again this often, behind everything else; default 10 h. */
  resyncMs?: number;
  reconcile: Reconcile;
}

import type { KubeObject, ObjectKey, Resource } from '../kube/object.ts';
import type { IndexFunction, Informer, InformerOptions, StoreChange } from './informer-types.ts';
import { Reflector, type ReflectorDeps } from './reflector.ts';
import { Store } from './store.ts';
import { forCache } from './transform.ts';

/** A store kept up to date by a reflector. */
export class ReflectedInformer implements Informer {
  readonly resource: Resource;
  readonly #store: Store;
  readonly #reflector: Reflector;
  readonly #deps: ReflectorDeps;
  readonly #handlers: ((change: StoreChange) => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  #synced = false;
  #running: Promise<void> | undefined;

  constructor(resource: Resource, options: InformerOptions, deps: ReflectorDeps) {
    this.resource = resource;
    this.#deps = deps;
    this.#store = new Store((change) => this.#tell(change));
    this.#reflector = new Reflector(
      { resource, options },
      {
        replace: (objects) => this.#replace(objects),
        upsert: (object) => this.#store.upsert(forCache(object), 'live'),
        remove: (key) => this.#store.remove(key, 'live'),
      },
      deps,
    );
  }

  get synced(): boolean {
    return this.#synced;
  }

  /** Monotonic instant at which the server was last heard, ms. */
  get activeAt(): number {
    return this.#reflector.activeAt;
  }

  /** Follows the server until the signal is aborted; a second call changes nothing. */
  start(signal: AbortSignal): Promise<void> {
    this.#running ??= this.#reflector.run(signal);
    return this.#running;
  }

  /** Resolves when the first list is in the cache. */
  whenSynced(): Promise<void> {
    if (this.#synced) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Resolves when everything the server has now is in the cache; `reason` is counted. */
  refresh(reason: string): Promise<void> {
    return this.#reflector.refresh(reason);
  }

  onChange(handler: (change: StoreChange) => void): void {
    this.#handlers.push(handler);
    // Who comes late hears of everything that is there already.
    for (const now of this.#store.list()) this.#call(handler, { before: undefined, now, source: 'list' });
  }

  addIndex(name: string, index: IndexFunction): void {
    this.#store.addIndex(name, (object) => {
      try {
        return index(object);
      } catch (error) {
        this.#failed(error, `index ${name}`);
        return [];
      }
    });
  }

  get(key: ObjectKey): KubeObject | undefined {
    return this.#store.get(key);
  }

  list(namespace?: string): readonly KubeObject[] {
    return this.#store.list(namespace);
  }

  byIndex(index: string, value: string): readonly KubeObject[] {
    return this.#store.byIndex(index, value);
  }

  #replace(objects: readonly KubeObject[]): void {
    this.#store.replace(objects.map((object) => forCache(object)));
    this.#deps.metrics.objects(this.resource.plural, this.#store.size);
    if (this.#synced) return;
    this.#synced = true;
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  #tell(change: StoreChange): void {
    this.#deps.metrics.objects(this.resource.plural, this.#store.size);
    for (const handler of this.#handlers) this.#call(handler, change);
  }

  /** A handler that throws must neither end the watch nor keep the next handler from hearing. */
  #call(handler: (change: StoreChange) => void, change: StoreChange): void {
    try {
      handler(change);
    } catch (error) {
      this.#failed(error, 'change handler');
    }
  }

  #failed(error: unknown, what: string): void {
    this.#deps.metrics.handlerFailed(this.resource.plural);
    this.#deps.log.error({ err: error, resource: this.resource.plural }, `${what} threw`);
  }
}

import type { Logger } from 'pino';
import { aborted, childAbort, sleep, type Clock } from '../clock.ts';
import type { Informers } from '../cache/informers.ts';
import type { Informer, StoreChange } from '../cache/informer-types.ts';
import { KubeError } from '../kube/errors.ts';
import { NotLeaderError } from '../kube/api-client.ts';
import {
  controllerOf,
  keyOf,
  keyText,
  parseKey,
  type KubeObject,
  type ObjectKey,
  type Resource,
} from '../kube/object.ts';
import { WorkQueue, type Priority } from '../queue/work-queue.ts';
import type { ControllerMetrics, RuntimeMetrics } from '../report/metrics.ts';
import { anyChange, intentChanged } from './filters.ts';
import type { Change, ControllerOptions, ReconcileResult } from './controller-types.ts';

const PASS_MS = 60_000;
const RESYNC_MS = 10 * 3_600_000;

export interface ControllerDeps {
  informers: Informers;
  clock: Clock;
  random: () => number;
  log: Logger;
  metrics: RuntimeMetrics;
}

/** Keeps the objects of one resource reconciled: changes become keys, keys become passes. */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #deps: ControllerDeps;
  readonly #log: Logger;
  readonly #metrics: ControllerMetrics;
  readonly #queue: WorkQueue;
  readonly #primary: Informer;
  #active = 0;

  /** Asks for its informers at once, so that they are synced before the first pass. */
  constructor(options: ControllerOptions, deps: ControllerDeps) {
    this.name = options.name;
    this.#options = options;
    this.#deps = deps;
    this.#log = deps.log.child({ controller: options.name });
    this.#metrics = deps.metrics.controller(options.name);
    this.#queue = new WorkQueue({ ...deps, metrics: deps.metrics.queue(options.name) });
    this.#primary = deps.informers.for(options.resource);
    this.#listen();
  }

  /** Wants a pass for an object, for reasons outside of Kubernetes. */
  enqueue(key: ObjectKey): void {
    this.#queue.add(keyText(key));
  }

  /** Whether somebody has reconciled objects of this resource: they say what became of them. */
  get hasWorked(): boolean {
    return this.#primary.list().some((object) => object['status'] !== undefined);
  }

  /** Works until the signal is aborted, then resolves as soon as the passes under way have ended. */
  async run(signal: AbortSignal): Promise<void> {
    const workers = Array.from({ length: this.#options.concurrency ?? 1 }, () => this.#work(signal));
    const resync = this.#resync(signal);
    await aborted(signal);
    await this.#queue.close();
    await Promise.all([...workers, resync]);
  }

  #listen(): void {
    const { filter = intentChanged, owns = [], watches = [], resource } = this.#options;
    this.#primary.onChange((change) => this.#note(change, filter, (object) => [keyOf(object)]));
    for (const owned of owns) {
      const informer = this.#deps.informers.for(owned.resource, owned.options);
      informer.onChange((change) => this.#note(change, anyChange, (object) => ownerKeys(object, resource)));
    }
    for (const watched of watches) {
      const informer = this.#deps.informers.for(watched.resource, watched.options);
      informer.onChange((change) => this.#note(change, watched.filter ?? anyChange, watched.keys));
    }
  }

  #note(
    change: StoreChange,
    filter: (change: Change) => boolean,
    keys: (object: KubeObject) => readonly ObjectKey[],
  ): void {
    if (!filter(change)) return;
    const priority: Priority = change.source === 'live' ? 'fresh' : 'resync';
    // Before and now: an object that lets go of its owner concerns the old owner too. Each key once, because a second
    // wish would bring a second pass.
    const wanted = new Set<string>();
    for (const object of [change.before, change.now]) {
      for (const key of object === undefined ? [] : keys(object)) wanted.add(keyText(key));
    }
    for (const key of wanted) this.#queue.add(key, priority);
  }

  async #resync(signal: AbortSignal): Promise<void> {
    const every = this.#options.resyncMs ?? RESYNC_MS;
    while (!signal.aborted) {
      await sleep(this.#deps.clock, every * (1 + 0.1 * this.#deps.random()), signal);
      if (signal.aborted) return;
      for (const object of this.#primary.list()) this.#queue.add(keyText(keyOf(object)), 'resync');
    }
  }

  async #work(signal: AbortSignal): Promise<void> {
    for (let text = await this.#queue.take(); text !== undefined; text = await this.#queue.take()) {
      try {
        if (!signal.aborted) await this.#pass(text, signal);
      } finally {
        this.#queue.done(text);
      }
    }
  }

  async #pass(text: string, signal: AbortSignal): Promise<void> {
    const startedAt = this.#deps.clock.monotonic();
    this.#metrics.active((this.#active += 1));
    const key = parseKey(text);
    let result: 'success' | 'error' | 'requeue_after' = 'success';
    try {
      const after = (await this.#reconcile(key, signal))?.requeueAfterMs;
      this.#queue.forget(text);
      if (after !== undefined) {
        result = 'requeue_after';
        this.#queue.addAfter(text, after);
      }
    } catch (error) {
      result = 'error';
      this.#failed(text, error, signal);
    } finally {
      this.#metrics.active((this.#active -= 1));
      this.#metrics.reconciled(result, this.#deps.clock.monotonic() - startedAt);
    }
  }

  async #reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult | undefined> {
    const limit = this.#options.timeoutMs ?? PASS_MS;
    const { controller, dispose } = childAbort(signal);
    const cancel = this.#deps.clock.after(limit, () => {
      this.#log.warn({ ...key, limit }, 'a pass takes too long and is told to end');
      controller.abort(new Error(`the pass took longer than ${limit} ms`));
    });
    try {
      const log = this.#log.child({ namespace: key.namespace, name: key.name });
      const object = this.#primary.get(key);
      return await this.#options.reconcile(key, { object, signal: controller.signal, log });
    } finally {
      cancel();
      dispose();
    }
  }

  #failed(text: string, error: unknown, signal: AbortSignal): void {
    // Work that was told to stop has not failed; the next leader does it.
    if (signal.aborted || error instanceof NotLeaderError) return;
    const details = { ...parseKey(text), err: error, failures: this.#queue.failures(text) + 1 };
    if (error instanceof KubeError && error.conflict) this.#log.debug(details, 'somebody was quicker');
    else this.#log.error(details, 'a pass failed and will be tried again');
    if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) {
      this.#metrics.panicked();
    }
    this.#queue.retry(text, error instanceof KubeError ? error.retryAfterMs : undefined);
  }
}

/** The primary that controls this object, if it is of the given resource. */
function ownerKeys(object: KubeObject, resource: Resource): readonly ObjectKey[] {
  const owner = controllerOf(object);
  if (owner === undefined || owner.kind !== resource.kind) return [];
  const group = owner.apiVersion.includes('/')
    ? owner.apiVersion.slice(0, owner.apiVersion.indexOf('/'))
    : '';
  if (group !== resource.group) return [];
  return [{ namespace: resource.namespaced ? (object.metadata.namespace ?? '') : '', name: owner.name }];
}

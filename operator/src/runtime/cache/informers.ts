import { apiVersionOf, type Resource } from '../kube/object.ts';
import type { Informer, InformerOptions } from './informer-types.ts';
import { ReflectedInformer } from './informer.ts';
import type { ReflectorDeps } from './reflector.ts';

/** Informers by what they watch, so that ten controllers that look at Deployments cost one watch. */
export class Informers {
  readonly #deps: ReflectorDeps;
  readonly #namespace: string | undefined;
  readonly #informers = new Map<string, ReflectedInformer>();
  readonly #runs: Promise<void>[] = [];
  #signal: AbortSignal | undefined;

  /** With a namespace, everything that has namespaces is watched in that one only. */
  constructor(deps: ReflectorDeps, namespace?: string) {
    this.#deps = deps;
    this.#namespace = namespace;
  }

  /** The informer of a resource and selectors; made, and started if the others run, when first asked for. */
  for(resource: Resource, options: InformerOptions = {}): Informer {
    const inNamespace = resource.namespaced && this.#namespace !== undefined;
    const effective = inNamespace ? { namespace: this.#namespace, ...options } : options;
    const { namespace = '', labelSelector = '', fieldSelector = '', metadataOnly = false } = effective;
    const identity = JSON.stringify([
      apiVersionOf(resource),
      resource.plural,
      namespace,
      labelSelector,
      fieldSelector,
      metadataOnly,
    ]);
    const known = this.#informers.get(identity);
    if (known !== undefined) return known;
    const informer = new ReflectedInformer(resource, { ...effective }, this.#deps);
    this.#informers.set(identity, informer);
    if (this.#signal !== undefined) this.#runs.push(informer.start(this.#signal));
    return informer;
  }

  /** Starts all, and those that are still to come; they end with the signal. */
  start(signal: AbortSignal): void {
    this.#signal = signal;
    for (const informer of this.#informers.values()) this.#runs.push(informer.start(signal));
  }

  /** Resolves when every informer asked for so far has its first list. */
  async whenSynced(): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.whenSynced()));
  }

  /** Resolves when everything the server has now is in the caches; `reason` is counted. */
  async refresh(reason: string): Promise<void> {
    await Promise.all([...this.#informers.values()].map((informer) => informer.refresh(reason)));
  }

  /** Resolves when all have ended, after the signal. */
  async ended(): Promise<void> {
    await Promise.all(this.#runs);
  }

  get synced(): boolean {
    return [...this.#informers.values()].every((informer) => informer.synced);
  }

  /** The resources whose informers have heard nothing from the server for `ms`. */
  silentFor(ms: number): string[] {
    const now = this.#deps.clock.monotonic();
    return [...this.#informers.values()]
      .filter((informer) => now - informer.activeAt > ms)
      .map((informer) => informer.resource.plural);
  }
}

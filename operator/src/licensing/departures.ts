import type { Informer } from '../runtime/index.ts';

/** Resources are taken back when none of them went for this long, so that what goes together is seen together. */
const QUIET_MS = 3000;
/** However restless it is, this is the longest that is waited. */
const PATIENCE_MS = 5 * 60_000;

interface Going {
  /** Monotonic, ms. */
  first: number;
  last: number;
}

/** When resources of a namespace went, so that a deletion of many is not taken for many deletions of one. */
export class Departures {
  readonly #going = new Map<string, Going>();
  readonly #monotonic: () => number;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  watch(informer: Informer): void {
    informer.onChange(({ before, now }) => {
      if (before === undefined || now !== undefined) return;
      const { namespace = '' } = before.metadata;
      const at = this.#monotonic();
      this.#going.set(namespace, { first: this.#going.get(namespace)?.first ?? at, last: at });
    });
  }

  /** How long to wait until a namespace counts as quiet, ms. */
  restMs(namespace: string): number {
    const going = this.#going.get(namespace);
    if (going === undefined) return 0;
    return Math.max(0, Math.min(going.last + QUIET_MS, going.first + PATIENCE_MS) - this.#monotonic());
  }

  /** All that had gone by then was looked at. @param before monotonic, ms */
  seen(namespace: string, before: number): void {
    const going = this.#going.get(namespace);
    if (going !== undefined && going.last <= before) this.#going.delete(namespace);
  }
}

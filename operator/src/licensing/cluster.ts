import { NAMESPACES } from '../resources.ts';
import type { KubeClient } from '../runtime/index.ts';

/** A namespace, which stands for its cluster: two clusters never have one of the same uid. */
export interface Home {
  uid: string;
  /** It is being deleted, and everything in it goes. */
  ending: boolean;
}

/** Tells clusters apart that share a Manager. */
export class Cluster {
  readonly #client: KubeClient;
  readonly #known = new Map<string, string>();

  constructor(client: KubeClient) {
    this.#client = client;
  }

  /** What was read last; a namespace that was made anew has another uid, and a new operator. */
  async of(namespace: string, signal: AbortSignal): Promise<{ uid: string }> {
    const uid = this.#known.get(namespace);
    return uid === undefined ? this.read(namespace, signal) : { uid };
  }

  async read(namespace: string, signal: AbortSignal): Promise<Home> {
    const found = await this.#client.get(NAMESPACES, { namespace: '', name: namespace }, { signal });
    const uid = found?.metadata.uid;
    if (uid === undefined) return { uid: '', ending: true };
    this.#known.set(namespace, uid);
    return { uid, ending: found?.metadata.deletionTimestamp !== undefined };
  }
}

import {
  APPLIED_ANNOTATION,
  agrees,
  contentHash,
  controllerOf,
  keyOf,
  ownerReference,
  type Desired,
  type KubeClient,
  type KubeObject,
  type ObjectKey,
  type Resource,
} from '../runtime/index.ts';

const REMEMBER_MS = 60_000;

/** Objects of kinds that not every cluster has. They are read when needed: a watch on what is not served never fills. */
export class OptionalApis {
  readonly #client: KubeClient;
  readonly #monotonic: () => number;
  readonly #served = new Map<string, { served: boolean; at: number }>();

  constructor(deps: { client: KubeClient; monotonic: () => number }) {
    this.#client = deps.client;
    this.#monotonic = deps.monotonic;
  }

  /** Whether the API server has the kind; asked again after a minute. */
  async serves(resource: Resource, signal: AbortSignal): Promise<boolean> {
    const key = `${resource.group}/${resource.plural}`;
    const known = this.#served.get(key);
    if (known !== undefined && this.#monotonic() - known.at < REMEMBER_MS) return known.served;
    const served = await this.#client.serves(resource, { signal });
    this.#served.set(key, { served, at: this.#monotonic() });
    return served;
  }

  /** Writes the object where it differs from what is there. */
  async apply(
    owner: KubeObject,
    { resource, object }: Desired,
    { manager, signal }: { manager: string; signal: AbortSignal },
  ): Promise<KubeObject> {
    const marked = { ...object, metadata: { ...object.metadata, ownerReferences: [ownerReference(owner)] } };
    const annotations = { ...object.metadata.annotations, [APPLIED_ANNOTATION]: contentHash(marked) };
    const wanted = { ...marked, metadata: { ...marked.metadata, annotations } };
    const live = await this.#client.get(resource, keyOf(wanted), { signal });
    if (live !== undefined && agrees(wanted, live)) return live;
    return this.#client.apply(resource, wanted, { manager, signal });
  }

  /** Removes the object if this owner had made it. */
  async remove(
    owner: KubeObject,
    resource: Resource,
    at: { key: ObjectKey; signal: AbortSignal },
  ): Promise<void> {
    const live = await this.#client.get(resource, at.key, { signal: at.signal });
    if (live === undefined || controllerOf(live)?.uid !== owner.metadata.uid) return;
    const { uid } = live.metadata;
    await this.#client.delete(resource, at.key, { signal: at.signal, ...(uid === undefined ? {} : { uid }) });
  }
}

import {
  APPLIED_ANNOTATION,
  KubeError,
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

/** Objects of kinds that not every cluster has. They are read when needed: a watch on what is not served never fills. */
export class OptionalApis {
  readonly #client: KubeClient;
  readonly #monotonic: () => number;
  readonly #rememberMs: number;
  readonly #served = new Map<string, { served: boolean; at: number }>();

  constructor(deps: { client: KubeClient; monotonic: () => number; lookAgainMs: number }) {
    this.#client = deps.client;
    this.#monotonic = deps.monotonic;
    this.#rememberMs = deps.lookAgainMs;
  }

  /** Whether the API server has the kind; asked anew with the next look at what cannot be watched. */
  async serves(resource: Resource, signal: AbortSignal): Promise<boolean> {
    const key = nameOf(resource);
    const known = this.#served.get(key);
    if (known !== undefined && this.#monotonic() - known.at < this.#rememberMs) return known.served;
    const served = await this.#client.serves(resource, { signal });
    this.#served.set(key, { served, at: this.#monotonic() });
    return served;
  }

  /** The object as it is now; undefined where there is none, also because its kind is not served. */
  async read(resource: Resource, key: ObjectKey, signal: AbortSignal): Promise<KubeObject | undefined> {
    return (await this.serves(resource, signal)) ? this.#client.get(resource, key, { signal }) : undefined;
  }

  /** Writes the object where it differs from what is there. Answers undefined where its kind is not served. */
  async apply(
    { resource, object }: Desired,
    { owner, manager, signal }: { owner: KubeObject | undefined; manager: string; signal: AbortSignal },
  ): Promise<KubeObject | undefined> {
    if (!(await this.serves(resource, signal))) return undefined;
    const ownerReferences = owner === undefined ? [] : [ownerReference(owner)];
    const marked = { ...object, metadata: { ...object.metadata, ownerReferences } };
    const annotations = { ...object.metadata.annotations, [APPLIED_ANNOTATION]: contentHash(marked) };
    const wanted = { ...marked, metadata: { ...marked.metadata, annotations } };
    const live = await this.#client.get(resource, keyOf(wanted), { signal });
    if (live !== undefined && agrees(wanted, live)) return live;
    try {
      return await this.#client.apply(resource, wanted, { manager, signal });
    } catch (error) {
      if (!(error instanceof KubeError) || !error.notFound) throw error;
      // The kind is gone since it was last asked for.
      this.#served.delete(nameOf(resource));
      return undefined;
    }
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

function nameOf({ group, plural }: Resource): string {
  return `${plural}.${group}`;
}

import type { InformerOptions, Informer } from '../cache/informer-types.ts';
import type { Informers } from '../cache/informers.ts';
import type { KubeClient } from '../kube/client.ts';
import {
  controllerOf,
  keyOf,
  keyText,
  ownerReference,
  type KubeObject,
  type Resource,
} from '../kube/object.ts';
import { agrees } from './agrees.ts';
import { contentHash } from './hash.ts';
import { APPLIED_ANNOTATION, KEEP_ANNOTATION, OWNER_LABEL } from './labels.ts';

export interface AppliedKind {
  resource: Resource;
  /** The same as in the controller's `owns`, so that both share one informer. */
  options?: InformerOptions;
}

export interface ApplierDeps {
  client: KubeClient;
  informers: Informers;
}

export interface ApplierOptions {
  /** Field manager; fixed for ever, because fields of another name are never let go. */
  manager: string;
  /** Every kind it may apply and prune. */
  kinds: readonly AppliedKind[];
}

export interface Desired {
  resource: Resource;
  object: KubeObject;
}

export interface Applied {
  /** As the server or, where nothing was written, the cache has them; in the order of the desired ones. */
  objects: KubeObject[];
  written: number;
  pruned: number;
}

const OWNER_INDEX = 'owner-uid';

/**
 * Makes the objects of an owner what they should be: server-side apply of what differs, removal of what is no longer
 * wanted. When all is well it sends nothing.
 */
export class Applier {
  readonly #deps: ApplierDeps;
  readonly #options: ApplierOptions;
  readonly #informers = new Map<string, { informer: Informer; kind: AppliedKind }>();

  constructor(options: ApplierOptions, deps: ApplierDeps) {
    this.#deps = deps;
    this.#options = options;
    for (const kind of options.kinds) {
      const informer = deps.informers.for(kind.resource, kind.options);
      informer.addIndex(OWNER_INDEX, (object) => {
        const uid = object.metadata.labels?.[OWNER_LABEL];
        return uid === undefined ? [] : [uid];
      });
      this.#informers.set(identityOf(kind.resource), { informer, kind });
    }
  }

  /** Applies all in order, then prunes. The first failure ends it, with nothing pruned. */
  async apply(owner: KubeObject, desired: readonly Desired[], signal: AbortSignal): Promise<Applied> {
    const result = await this.write(owner, desired, signal);
    return { ...result, pruned: await this.prune(owner, desired, signal) };
  }

  /** Applies all in order and prunes nothing: for what is made in steps. */
  async write(owner: KubeObject, desired: readonly Desired[], signal: AbortSignal): Promise<Applied> {
    const result: Applied = { objects: [], written: 0, pruned: 0 };
    for (const { resource, object } of desired) {
      const { stored, written } = await this.#applyOne(resource, owned(owner, object), signal);
      result.objects.push(stored);
      result.written += written ? 1 : 0;
    }
    return result;
  }

  /** Removes what the owner had made and is not desired any more. Answers how many. */
  async prune(owner: KubeObject, desired: readonly Desired[], signal: AbortSignal): Promise<number> {
    const wanted = new Set(
      desired.map(({ resource, object }) => identityOf(resource) + keyText(keyOf(object))),
    );
    let pruned = 0;
    for (const [identity, { informer, kind }] of this.#informers) {
      for (const object of informer.byIndex(OWNER_INDEX, owner.metadata.uid ?? '')) {
        if (wanted.has(identity + keyText(keyOf(object))) || !mayPrune(object, owner)) continue;
        await this.#remove(kind.resource, object, signal);
        pruned += 1;
      }
    }
    return pruned;
  }

  async #applyOne(
    resource: Resource,
    object: KubeObject,
    signal: AbortSignal,
  ): Promise<{ stored: KubeObject; written: boolean }> {
    const known = this.#informers.get(identityOf(resource));
    if (known === undefined) throw new Error(`${resource.kind} is not among the kinds of this applier`);
    const live = known.informer.get(keyOf(object));
    if (live !== undefined && isApplied(object, live, known.kind)) return { stored: live, written: false };
    const { manager } = this.#options;
    return { stored: await this.#deps.client.apply(resource, object, { manager, signal }), written: true };
  }

  async #remove(resource: Resource, object: KubeObject, signal: AbortSignal): Promise<void> {
    const { uid } = object.metadata;
    await this.#deps.client.delete(resource, keyOf(object), {
      signal,
      ...(uid === undefined ? {} : { uid }),
    });
  }
}

/** With the marks by which it is found again; its owner controls it where Kubernetes allows it: in one namespace. */
function owned(owner: KubeObject, object: KubeObject): KubeObject {
  const { metadata } = object;
  const sameNamespace = (owner.metadata.namespace ?? '') === (metadata.namespace ?? '');
  const clusterWide = owner.metadata.namespace === undefined;
  const marked: KubeObject = {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...metadata.labels, [OWNER_LABEL]: owner.metadata.uid ?? '' },
      ...(sameNamespace || clusterWide ? { ownerReferences: [ownerReference(owner)] } : {}),
    },
  };
  const annotations = { ...metadata.annotations, [APPLIED_ANNOTATION]: contentHash(marked) };
  return { ...marked, metadata: { ...marked.metadata, annotations } };
}

/**
 * The hash tells that we applied exactly this, so that nothing has to be taken back; the comparison that nobody
 * changed it since. Where only metadata is cached, that is all there is to compare.
 */
function isApplied(object: KubeObject, live: KubeObject, kind: AppliedKind): boolean {
  const hash = object.metadata.annotations?.[APPLIED_ANNOTATION];
  if (live.metadata.annotations?.[APPLIED_ANNOTATION] !== hash) return false;
  if (live.metadata.deletionTimestamp !== undefined) return false;
  const contentCached = kind.options?.metadataOnly !== true && object.kind !== 'Secret';
  return contentCached ? agrees(object, live) : agrees(object.metadata, live.metadata);
}

/** Never a volume with data, never what says that it is to be kept, never what another owner controls. */
function mayPrune(object: KubeObject, owner: KubeObject): boolean {
  if (object.kind === 'PersistentVolumeClaim') return false;
  if (object.metadata.annotations?.[KEEP_ANNOTATION] === 'true') return false;
  if (object.metadata.deletionTimestamp !== undefined) return false;
  const controller = controllerOf(object);
  return controller === undefined || controller.uid === owner.metadata.uid;
}

function identityOf(resource: Resource): string {
  return `${resource.group}/${resource.plural}|`;
}

import type { DeclaredKind } from '@process-meter/contract';
import { isPaused } from '../platform/pause.ts';
import { readStatus } from '../platform/status.ts';
import { resourceOf } from '../resources.ts';
import {
  StatusWriter,
  keyOf,
  type Controller,
  type ControllerOptions,
  type Informer,
  type KubeObject,
  type ObjectKey,
  type OperatorManager,
  type ReconcileResult,
  type Resource,
} from '../runtime/index.ts';
import type { Cluster } from './cluster.ts';
import { dayIn } from './day.ts';
import { zoneOf, type Installation, type Installations } from './installations.ts';
import type { LicensingKind } from './kinds.ts';
import type { ManagerClient } from './manager-client.ts';
import { ManagerError } from './manager-error.ts';
import { markOf } from './mark.ts';
import type { Held } from './mirror.ts';
import type { SyncMetrics } from './metrics.ts';
import { saysHeld, statusOf, type Standing } from './status.ts';

/** Passes of a kind at once; the Manager is asked for no more at once of all kinds together. */
const CONCURRENCY = 8;
const LOOK_AGAIN_MS = 5000;

export interface DeclareDeps {
  operator: OperatorManager;
  installations: Installations;
  manager: ManagerClient;
  cluster: Cluster;
  metrics: SyncMetrics;
  /** ms since 1970 */
  now: () => number;
  monotonic: () => number;
  /** Ms that figures in a status stand at least. */
  figuresMs: number;
  /** A resource that waited for another one is looked at again. */
  wake: (kind: DeclaredKind, key: ObjectKey) => void;
  /** A resource of another kind, `Kind/name`. */
  find: (named: string, namespace: string) => { kind: DeclaredKind; object: KubeObject } | undefined;
  /** The Manager of a ProcessMeter did not answer. */
  lost: (processMeter: ObjectKey) => void;
}

/** What to do with a resource now. */
type Plan =
  | { do: 'nothing' }
  | { do: 'bring'; installation: Installation }
  | { do: 'tell'; standing: Standing; zone: string };

/** Brings the resources of one kind to their Manager and tells in their status how they stand. */
export class KindSync {
  readonly kind: LicensingKind;
  readonly resource: Resource;
  readonly informer: Informer;
  readonly #deps: DeclareDeps;
  readonly #writer: StatusWriter;
  readonly #controller: Controller;

  constructor(kind: LicensingKind, deps: DeclareDeps) {
    const { client, informers } = deps.operator;
    this.kind = kind;
    this.#deps = deps;
    this.resource = resourceOf(kind.kind.kind);
    this.informer = informers.for(this.resource);
    this.#writer = new StatusWriter(client, {
      resource: this.resource,
      manager: 'process-meter-licensing-status',
    });
    this.informer.onChange(({ before, now }) => {
      if (before !== undefined && before.metadata.uid !== now?.metadata.uid) this.#writer.forget(before);
    });
    this.#controller = deps.operator.add(this.#options());
  }

  get name(): DeclaredKind {
    return this.kind.kind.kind;
  }

  enqueue(key: ObjectKey): void {
    this.#controller.enqueue(key);
  }

  /** Wants a pass for those resources of a namespace that would not be left as they are. */
  refresh(namespace: string): void {
    for (const object of this.informer.list(namespace)) if (this.#wants(object)) this.enqueue(keyOf(object));
  }

  #options(): ControllerOptions {
    return {
      name: this.name.toLowerCase(),
      resource: this.resource,
      concurrency: CONCURRENCY,
      reconcile: async (_key, { object, signal }) => {
        if (object === undefined) return undefined;
        const plan = this.#plan(object);
        if (plan.do === 'nothing') return undefined;
        if (plan.do === 'tell') return this.#tell(object, plan, signal);
        return this.#bring(object, plan.installation, signal);
      },
    };
  }

  #wants(object: KubeObject): boolean {
    const plan = this.#plan(object);
    if (plan.do !== 'tell') return plan.do === 'bring';
    return this.#writer.differs(object, this.#status(object, plan));
  }

  #plan(object: KubeObject): Plan {
    if (object.metadata.deletionTimestamp !== undefined || isPaused(object)) return { do: 'nothing' };
    const found = this.#deps.installations.of(object);
    if ('reason' in found) {
      const { reason, message } = found;
      if (reason === 'Paused') return { do: 'nothing' };
      const state = reason === 'SeveralProcessMeters' ? 'refused' : 'waiting';
      if (reason === 'ManagerNotReady' && this.#saysHeld(object)) return { do: 'nothing' };
      return { do: 'tell', standing: { state, reason, message }, zone: 'UTC' };
    }
    return this.#planWith(object, found);
  }

  #planWith(object: KubeObject, installation: Installation): Plan {
    const { mirror, processMeter } = installation;
    const zone = zoneOf(processMeter);
    if (mirror.failure !== undefined) {
      if (this.#saysHeld(object)) return { do: 'nothing' };
      const standing = unavailable(mirror.failure);
      return { do: 'tell', standing, zone };
    }
    // What it holds already need not be brought; the look at it comes first and wants passes for the rest.
    if (!mirror.wasRead) return { do: 'nothing' };
    const held = mirror.holds(this.name, object);
    if (held !== undefined) return this.#planHeld(object, installation, held);
    const refusal = mirror.refusalOf(this.name, object, this.#deps.monotonic());
    if (refusal === undefined) return { do: 'bring', installation };
    return { do: 'tell', standing: { state: 'refused', ...refusal }, zone };
  }

  /** What is on its way to the Manager is not missing yet: whoever waits for it is woken. */
  #planHeld(object: KubeObject, { mirror, processMeter }: Installation, held: Held): Plan {
    const missing = mirror.missing(held);
    const { namespace = '' } = object.metadata;
    const comes = (named: string): boolean => {
      const found = this.#deps.find(named, namespace);
      if (found === undefined || isPaused(found.object)) return false;
      return mirror.refusalOf(found.kind, found.object, this.#deps.monotonic()) === undefined;
    };
    if (missing.length > 0 && missing.every(comes)) return { do: 'nothing' };
    return { do: 'tell', standing: { state: 'held', held, missing }, zone: zoneOf(processMeter) };
  }

  #saysHeld(object: KubeObject): boolean {
    return saysHeld(object, readStatus(this.#writer.current(object)));
  }

  async #bring(
    object: KubeObject,
    installation: Installation,
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const { mirror, endpoint } = installation;
    const { uid, generation, askedFor } = markOf(object);
    const key = keyOf(object);
    const at = { kind: this.name, ...key };
    const body = {
      cluster: (await this.#deps.cluster.of(key.namespace, signal)).uid,
      uid,
      createdAt: Date.parse(object.metadata.creationTimestamp ?? ''),
      generation,
      spec: Object(object['spec']),
    };
    try {
      const answer = await this.#deps.manager.declare(endpoint, { at, body }, signal);
      this.#deps.metrics.synced(this.name);
      const held = {
        answer,
        observedAt: this.#deps.now(),
        broughtAt: this.#deps.monotonic(),
        askedFor: { value: askedFor },
      };
      mirror.brought(at, held);
      for (const { kind, name } of mirror.completedBy(at)) this.#deps.wake(kind, { ...key, name });
      const plan = this.#planHeld(object, installation, held);
      return plan.do === 'tell' ? await this.#tell(object, plan, signal) : undefined;
    } catch (error) {
      if (!(error instanceof ManagerError)) throw error;
      this.#deps.metrics.failed(this.name);
      return this.#notTaken(object, { installation, error }, signal);
    }
  }

  async #notTaken(
    object: KubeObject,
    { installation, error }: { installation: Installation; error: ManagerError },
    signal: AbortSignal,
  ): Promise<ReconcileResult | undefined> {
    const { mirror, processMeter } = installation;
    const zone = zoneOf(processMeter);
    const monotonic = this.#deps.monotonic();
    if (error.older && !(await this.#isPresent(object, signal))) return { requeueAfterMs: LOOK_AGAIN_MS };
    if (error.older || error.refused) {
      const reason = error.older ? 'Conflict' : 'Rejected';
      const refusal = { mark: markOf(object), reason, message: error.message, at: monotonic } as const;
      const refused = { kind: this.name, name: object.metadata.name };
      mirror.refused(refused, refusal);
      for (const { kind, name } of mirror.waitingFor(refused))
        this.#deps.wake(kind, { ...keyOf(object), name });
      const { events } = this.#deps.operator;
      events.record(object, { type: 'Warning', reason, action: 'Declare', note: error.message });
      return this.#tell(object, { standing: { state: 'refused', ...refusal }, zone }, signal);
    }
    if (error.unavailable) {
      mirror.failed(error.inWords, monotonic);
      this.#deps.lost(keyOf(processMeter));
    }
    await this.#tell(object, { standing: unavailable(error.inWords), zone }, signal);
    // It answers others: this one is tried again by itself.
    if (!error.unavailable) throw error;
    return undefined;
  }

  /** Whether this state of the resource is the present one; the cache may be late. */
  async #isPresent(object: KubeObject, signal: AbortSignal): Promise<boolean> {
    const live = await this.#deps.operator.client.get(this.resource, keyOf(object), { signal });
    if (live === undefined) return false;
    return (
      live.metadata.uid === object.metadata.uid && live.metadata.generation === object.metadata.generation
    );
  }

  async #tell(
    object: KubeObject,
    told: { standing: Standing; zone: string },
    signal: AbortSignal,
  ): Promise<undefined> {
    await this.#writer.write(object, this.#status(object, told), signal);
  }

  #status(
    object: KubeObject,
    { standing, zone }: { standing: Standing; zone: string },
  ): Record<string, unknown> {
    const now = this.#deps.now();
    const before = readStatus(this.#writer.current(object));
    const everyMs = this.#deps.figuresMs;
    return statusOf(this.kind, { object, before, standing, now, everyMs, today: () => dayIn(zone, now) });
  }
}

function unavailable(message: string): Standing {
  return {
    state: 'waiting',
    reason: 'ManagerUnavailable',
    message: `The Manager does not take it now: ${message}.`,
  };
}

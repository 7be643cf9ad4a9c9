import type { Logger } from 'pino';
import { childAbort, sleep, type Clock } from '../clock.ts';
import { KubeError } from '../kube/errors.ts';
import { readList } from '../kube/list.ts';
import { keyOf, type KubeObject, type ObjectKey, type Resource } from '../kube/object.ts';
import type { Transport } from '../kube/transport.ts';
import { Backoff } from '../queue/backoff.ts';
import type { InformerMetrics } from '../report/metrics.ts';
import type { InformerOptions } from './informer-types.ts';
import { SILENCE_MS, watch } from './watch.ts';

const BACKOFF = { firstMs: 800, longestMs: 30_000, jitter: 0.25 };
/** A stream that lived this long was healthy: the next failure starts counting anew. */
const HEALTHY_MS = 30_000;
const RELIST_MS = 30 * 60_000;
/** Longer than this nobody waits, whatever is asked: by then this process is said to be unwell. */
const LONGEST_ASKED_MS = 5 * 60_000;

export interface ReflectorDeps {
  transport: Transport;
  clock: Clock;
  random: () => number;
  log: Logger;
  metrics: InformerMetrics;
  /** How long a watch may say nothing, ms; default 90 s. */
  silenceMs?: number | undefined;
}

/** Where the reflector puts what it sees. None of these may throw. */
export interface ReflectorSink {
  replace(objects: readonly KubeObject[]): void;
  upsert(object: KubeObject): void;
  remove(key: ObjectKey): void;
}

/**
 * Keeps a copy of a collection up to date: list, watch, and again, for ever. Nothing but its signal ends it, and
 * after that it touches neither the server nor the sink.
 */
export class Reflector {
  readonly #resource: Resource;
  readonly #options: InformerOptions;
  readonly #sink: ReflectorSink;
  readonly #deps: ReflectorDeps;
  readonly #backoff: Backoff;
  readonly #healthyMs: number;
  #activeAt: number;
  /** Where the next watch goes on; undefined: list first. */
  #version: string | undefined;
  #relistReason = 'start';
  #relistAt = 0;
  /** Until this instant the API server wants to be left alone. */
  #notBefore = 0;
  /** Ends the list or watch under way, or the pause between two. */
  #round = new AbortController();
  readonly #refreshing: (() => void)[] = [];

  constructor(
    what: { resource: Resource; options: InformerOptions },
    sink: ReflectorSink,
    deps: ReflectorDeps,
  ) {
    this.#resource = what.resource;
    this.#options = what.options;
    this.#sink = sink;
    this.#deps = deps;
    this.#backoff = new Backoff(BACKOFF, deps.random);
    this.#healthyMs = Math.min(HEALTHY_MS, deps.silenceMs ?? SILENCE_MS);
    this.#activeAt = deps.clock.monotonic();
  }

  /** Monotonic instant at which the server was last heard, ms. */
  get activeAt(): number {
    return this.#activeAt;
  }

  /** Lists anew at once; resolves when what the server had at the time of this call, or later, is in the sink. */
  refresh(reason: string): Promise<void> {
    return new Promise((resolve) => {
      this.#refreshing.push(resolve);
      this.#forget(reason);
      this.#round.abort();
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#alive();
    while (!signal.aborted) {
      const { controller, dispose } = childAbort(signal);
      this.#round = controller;
      try {
        await this.#runRound(controller.signal);
      } finally {
        dispose();
      }
    }
  }

  async #runRound(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    // A refresh ends a pause of our own, not one that was asked for.
    if (this.#notBefore > clock.monotonic()) await sleep(clock, this.#notBefore - clock.monotonic(), signal);
    if (signal.aborted) return;
    const startedAt = clock.monotonic();
    let failure: unknown;
    try {
      await this.#listIfNeeded(signal);
      await this.#follow(signal);
    } catch (error) {
      failure = error;
    }
    if (signal.aborted) return;
    const delay = this.#delayAfter(failure, clock.monotonic() - startedAt);
    if (delay > 0) await sleep(clock, delay, signal);
  }

  #alive(): void {
    this.#activeAt = this.#deps.clock.monotonic();
  }

  async #listIfNeeded(signal: AbortSignal): Promise<void> {
    const { clock, metrics, random, transport } = this.#deps;
    if (this.#version !== undefined && clock.monotonic() >= this.#relistAt) this.#forget('periodic');
    if (this.#version !== undefined) return;
    const list = await readList(transport, this.#resource, { ...this.#options, signal });
    signal.throwIfAborted();
    metrics.relist(this.#resource.plural, this.#relistReason);
    this.#alive();
    this.#version = list.resourceVersion;
    this.#relistAt = clock.monotonic() + RELIST_MS * (1 + 0.2 * random());
    this.#sink.replace(list.items);
    // Who asked while it was read has ended that reading, so all of them asked before.
    for (const resolve of this.#refreshing.splice(0)) resolve();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const call = {
      resource: this.#resource,
      options: this.#options,
      version: this.#version ?? '',
      alive: () => this.#alive(),
      signal,
    };
    for await (const event of watch(this.#deps, call)) {
      if (signal.aborted) return;
      this.#version = event.version;
      if (event.type === 'DELETED') this.#sink.remove(keyOf(event.object));
      else if (event.type !== 'BOOKMARK') this.#sink.upsert(event.object);
    }
  }

  /** Decides where to go on and how long to wait before, ms. */
  #delayAfter(failure: unknown, lived: number): number {
    const { clock, log, metrics } = this.#deps;
    const asked = failure instanceof KubeError ? (failure.retryAfterMs ?? 0) : 0;
    this.#notBefore = clock.monotonic() + Math.min(asked, LONGEST_ASKED_MS);
    const reason = reasonOf(failure);
    if (reason === 'expired' || reason === 'error') this.#forget(reason);
    metrics.reconnect(this.#resource.plural, reason);
    const healthy = lived >= this.#healthyMs;
    if (healthy) this.#backoff.reset();
    if (healthy && (reason === 'closed' || reason === 'expired')) return 0;
    const delay = this.#backoff.next();
    const details = {
      resource: this.#resource.plural,
      reason,
      failures: this.#backoff.failures,
      err: failure,
    };
    // The first failure is news, and every tenth that nobody has forgotten it.
    if (this.#backoff.failures % 10 === 2) log.warn(details, 'cannot follow the API server, trying again');
    else log.debug(details, 'watch ended');
    return delay;
  }

  #forget(reason: string): void {
    this.#version = undefined;
    this.#relistReason = reason;
  }
}

/** `closed`, `network`, `silent` and `busy` leave the version good; `expired` and `error` need a new list. */
function reasonOf(failure: unknown): string {
  if (failure === undefined) return 'closed';
  if (!(failure instanceof KubeError)) return 'error';
  if (failure.expired) return 'expired';
  if (failure.reason === 'Silent') return 'silent';
  if (failure.status === 0) return 'network';
  return failure.status === 429 || failure.status >= 500 ? 'busy' : 'error';
}

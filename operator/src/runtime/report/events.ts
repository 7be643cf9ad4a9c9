import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { microTime } from '../kube/micro-time.ts';
import { keyOf, type KubeObject, type Resource } from '../kube/object.ts';

const EVENTS: Resource = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
};

export interface EventInput {
  type: 'Normal' | 'Warning';
  /** CamelCase: why. */
  reason: string;
  /** CamelCase: what was being done. */
  action: string;
  /** For a person, at most 1 kB. */
  note: string;
}

export interface EventDeps {
  client: KubeClient;
  clock: Clock;
  log: Logger;
  /** Name of the component, as `processmeter.io/operator`. */
  component: string;
  /** Name of this process. */
  instance: string;
  /** Eight random characters or more; an event's name ends with it. */
  id: () => string;
  lost: () => void;
}

/** Repetitions within this time make one series. */
const SERIES_MS = 6 * 60_000;
/** A series is written at most this often. */
const FLUSH_MS = 30_000;
const PER_OBJECT = { count: 10, ms: 60_000 };
const NOTE_LIMIT = 1024;

interface Series {
  event: KubeObject | undefined;
  count: number;
  lastAt: number;
  cancelFlush: (() => void) | undefined;
}

/**
 * Tells people what happened to an object, in `kubectl describe`. Never fails and never waits: an event that cannot
 * be written is counted and forgotten.
 */
export class EventRecorder {
  readonly #deps: EventDeps;
  readonly #series = new Map<string, Series>();
  readonly #recent = new Map<string, number[]>();
  #pending: Promise<void> = Promise.resolve();

  constructor(deps: EventDeps) {
    this.#deps = deps;
  }

  record(object: KubeObject, input: EventInput): void {
    this.#expire();
    const identity = JSON.stringify([
      object.metadata.uid,
      input.type,
      input.reason,
      input.action,
      input.note,
    ]);
    const known = this.#series.get(identity);
    if (known !== undefined) {
      this.#repeat(known);
      return;
    }
    if (!this.#allowed(object.metadata.uid ?? '')) {
      this.#deps.lost();
      return;
    }
    const series: Series = {
      event: undefined,
      count: 1,
      lastAt: this.#deps.clock.monotonic(),
      cancelFlush: undefined,
    };
    this.#series.set(identity, series);
    this.#send(async () => {
      series.event = await this.#deps.client.create(EVENTS, this.#event(object, input));
    });
  }

  /** Writes the series that wait, and resolves when everything is written. */
  async flush(): Promise<void> {
    for (const series of this.#series.values())
      if (series.cancelFlush !== undefined) this.#flushSeries(series);
    await this.#pending;
  }

  #repeat(series: Series): void {
    series.count += 1;
    series.lastAt = this.#deps.clock.monotonic();
    series.cancelFlush ??= this.#deps.clock.after(FLUSH_MS, () => this.#flushSeries(series));
  }

  #flushSeries(series: Series): void {
    series.cancelFlush?.();
    series.cancelFlush = undefined;
    this.#send(async () => {
      if (series.event === undefined) return;
      await this.#deps.client.merge(EVENTS, keyOf(series.event), {
        series: { count: series.count, lastObservedTime: microTime(this.#deps.clock.now()) },
      });
    });
  }

  /** One after the other, so that a series follows its first event. */
  #send(write: () => Promise<void>): void {
    this.#pending = this.#pending.then(write).catch((error: unknown) => {
      this.#deps.lost();
      // A namespace that is going away takes no new events.
      const expected = error instanceof KubeError && (error.forbidden || error.notFound);
      if (expected) this.#deps.log.debug({ err: error }, 'an event was not taken');
      else this.#deps.log.warn({ err: error }, 'an event was lost');
    });
  }

  #event(object: KubeObject, input: EventInput): KubeObject {
    const { component, instance, clock, id } = this.#deps;
    const { name, namespace, uid, resourceVersion } = object.metadata;
    const time = microTime(clock.now());
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: {
        name: `${name.slice(0, 200).replace(/[^a-z0-9]+$/, '')}.${id()}`,
        namespace: namespace ?? 'default',
      },
      eventTime: time,
      reportingController: component,
      reportingInstance: instance,
      type: input.type,
      reason: input.reason,
      action: input.action,
      note: input.note.slice(0, NOTE_LIMIT),
      regarding: { apiVersion: object.apiVersion, kind: object.kind, name, namespace, uid, resourceVersion },
    };
  }

  #allowed(uid: string): boolean {
    const now = this.#deps.clock.monotonic();
    const recent = (this.#recent.get(uid) ?? []).filter((at) => now - at < PER_OBJECT.ms);
    const allowed = recent.length < PER_OBJECT.count;
    if (allowed) recent.push(now);
    this.#recent.set(uid, recent);
    return allowed;
  }

  #expire(): void {
    const now = this.#deps.clock.monotonic();
    for (const [identity, series] of this.#series) {
      if (now - series.lastAt > SERIES_MS && series.cancelFlush === undefined) this.#series.delete(identity);
    }
    for (const [uid, times] of this.#recent) {
      if (now - (times.at(-1) ?? 0) > PER_OBJECT.ms) this.#recent.delete(uid);
    }
  }
}

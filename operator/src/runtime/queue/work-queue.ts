import type { Clock } from '../clock.ts';
import { TokenBucket } from '../kube/rate-limit.ts';
import type { QueueMetrics } from '../report/metrics.ts';
import { backoffDelay } from './backoff.ts';
import { Delays } from './delays.ts';

/** `fresh`: it changed. `retry`: it failed or wanted to be seen again. `resync`: nothing is known to have changed. */
export type Priority = 'fresh' | 'retry' | 'resync';

export interface WorkQueueDeps {
  clock: Clock;
  random: () => number;
  metrics: QueueMetrics;
}

const ORDER: readonly Priority[] = ['fresh', 'retry', 'resync'];
const BACKOFF = { firstMs: 250, longestMs: 5 * 60_000, jitter: 0.1 };
/** Retries of all keys together, so that a failing dependency is not asked by all at once. */
const RETRIES = { perSecond: 10, burst: 100 };
/** Whoever waited this long is next, whatever its priority. */
const PATIENCE_MS = 30_000;

/**
 * Keys that want work. A key waits at most once, is never worked on twice at the same time, and if it is added
 * while it is worked on, it comes again afterwards.
 */
export class WorkQueue {
  readonly #deps: WorkQueueDeps;
  readonly #bucket: TokenBucket;
  /** Waiting keys with the instant they came, in order, per priority. */
  readonly #lanes = new Map<Priority, Map<string, number>>(ORDER.map((one) => [one, new Map()]));
  readonly #working = new Map<string, number>();
  /** Added while worked on. */
  readonly #again = new Map<string, Priority>();
  readonly #delays = new Delays();
  readonly #failures = new Map<string, number>();
  readonly #takers: ((key: string | undefined) => void)[] = [];
  #cancelTimer: () => void = () => {};
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(deps: WorkQueueDeps) {
    this.#deps = deps;
    this.#bucket = new TokenBucket(RETRIES, deps.clock);
    deps.metrics.running(() => this.#runningFor());
  }

  /** Keys that wait now; not those whose delay still runs. */
  get depth(): number {
    let depth = 0;
    for (const lane of this.#lanes.values()) depth += lane.size;
    return depth;
  }

  /** How often the key has failed in a row. */
  failures(key: string): number {
    return this.#failures.get(key) ?? 0;
  }

  /** Wants work on a key as soon as its turn comes; a delay it had is over, a higher priority counts. */
  add(key: string, priority: Priority = 'fresh'): void {
    if (this.#closed) return;
    this.#delays.delete(key);
    if (this.#working.has(key)) {
      this.#again.set(key, higher(this.#again.get(key), priority));
      return;
    }
    this.#wait(key, priority);
    this.#serve();
  }

  /** Wants work on a key after `ms`, unless it is wanted earlier. */
  addAfter(key: string, ms: number): void {
    if (this.#closed || this.#again.has(key) || this.#lane(key) !== undefined) return;
    this.#delays.set(key, this.#deps.clock.monotonic() + ms);
    this.#armTimer();
  }

  /** The work failed: again, after longer and longer, and not before `askedMs`, within the longest delay there is. */
  retry(key: string, askedMs = 0): void {
    if (this.#closed) return;
    const failures = this.failures(key) + 1;
    this.#failures.set(key, failures);
    this.#deps.metrics.retried();
    const own = backoffDelay(failures, BACKOFF, this.#deps.random);
    const asked = Math.min(askedMs, BACKOFF.longestMs);
    this.addAfter(key, Math.max(own, asked, this.#bucket.reserve()));
  }

  /** The work succeeded: the next failure counts as the first. */
  forget(key: string): void {
    this.#failures.delete(key);
  }

  /** The next key; undefined when the queue is closed. The taker calls `done` in every case. */
  take(): Promise<string | undefined> {
    if (this.#closed) return Promise.resolve(undefined);
    const key = this.#next();
    if (key !== undefined) return Promise.resolve(key);
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** Work on a taken key has ended. */
  done(key: string): void {
    const startedAt = this.#working.get(key);
    if (startedAt === undefined) return;
    this.#working.delete(key);
    this.#deps.metrics.worked(this.#deps.clock.monotonic() - startedAt);
    const again = this.#again.get(key);
    this.#again.delete(key);
    if (again !== undefined && !this.#closed) this.#wait(key, again);
    this.#serve();
    if (this.#working.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Gives out no more keys; resolves when the work under way is done. What waits is forgotten. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    this.#delays.clear();
    this.#again.clear();
    for (const lane of this.#lanes.values()) lane.clear();
    for (const resolve of this.#takers.splice(0)) resolve(undefined);
    if (this.#working.size > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #wait(key: string, priority: Priority): void {
    const now = this.#deps.clock.monotonic();
    const current = this.#lane(key);
    if (current === undefined) this.#deps.metrics.added();
    const best = higher(current, priority);
    if (best === current) return;
    const since = current === undefined ? now : (this.#lanes.get(current)?.get(key) ?? now);
    if (current !== undefined) this.#lanes.get(current)?.delete(key);
    this.#lanes.get(best)?.set(key, since);
    this.#deps.metrics.depth(this.depth);
  }

  #lane(key: string): Priority | undefined {
    return ORDER.find((priority) => this.#lanes.get(priority)?.has(key) === true);
  }

  #serve(): void {
    while (this.#takers.length > 0) {
      const key = this.#next();
      if (key === undefined) return;
      this.#takers.shift()?.(key);
    }
  }

  #next(): string | undefined {
    const now = this.#deps.clock.monotonic();
    const lane = this.#overdueLane(now) ?? ORDER.find((one) => (this.#lanes.get(one)?.size ?? 0) > 0);
    const waiting = lane === undefined ? undefined : this.#lanes.get(lane);
    const [entry] = waiting ?? [];
    if (waiting === undefined || entry === undefined) return undefined;
    const [key, since] = entry;
    waiting.delete(key);
    this.#working.set(key, now);
    this.#deps.metrics.waited(now - since);
    this.#deps.metrics.depth(this.depth);
    return key;
  }

  #overdueLane(now: number): Priority | undefined {
    return ORDER.toReversed().find((priority) => {
      const [entry] = this.#lanes.get(priority) ?? [];
      return entry !== undefined && now - entry[1] > PATIENCE_MS;
    });
  }

  #armTimer(): void {
    this.#cancelTimer();
    const next = this.#delays.next;
    if (next === undefined) return;
    const wait = Math.max(0, next - this.#deps.clock.monotonic());
    this.#cancelTimer = this.#deps.clock.after(wait, () => this.#release());
  }

  #release(): void {
    const now = this.#deps.clock.monotonic();
    for (let key = this.#delays.take(now); key !== undefined; key = this.#delays.take(now))
      this.add(key, 'retry');
    this.#armTimer();
  }

  #runningFor(): readonly number[] {
    const now = this.#deps.clock.monotonic();
    return [...this.#working.values()].map((startedAt) => now - startedAt);
  }
}

function higher(one: Priority | undefined, other: Priority): Priority {
  if (one === undefined) return other;
  return ORDER.indexOf(one) <= ORDER.indexOf(other) ? one : other;
}

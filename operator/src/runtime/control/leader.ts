import type { Logger } from 'pino';
import { childAbort, sleep, type Clock } from '../clock.ts';
import type { KubeClient } from '../kube/client.ts';
import { KubeError } from '../kube/errors.ts';
import { microTime } from '../kube/micro-time.ts';
import type { KubeObject, ObjectKey } from '../kube/object.ts';
import { LEASES, heldRecord, readLease, writeLease, type LeaseRecord } from './lease.ts';

export interface LeaderOptions {
  lease: ObjectKey;
  /** Unique among all processes that ever ran. */
  identity: string;
  times?: LeaderTimes;
}

export interface LeaderTimes {
  /** Others wait this long after the last renewal, ms. */
  leaseMs: number;
  /** This process stops this long after its last renewal, ms; shorter than the lease. */
  renewMs: number;
  retryMs: number;
}

export const leaderTimes: LeaderTimes = { leaseMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

export interface LeaderDeps {
  /** A client past the rate limit, with one short try a call. */
  client: KubeClient;
  clock: Clock;
  random: () => number;
  log: Logger;
  leading: (leading: boolean) => void;
  /** Whether another process may have led before, when nothing is known of its lease. Default: no. */
  hadLeader?: () => boolean;
}

/** Duration of a lease whose holder has let go; the same as that of other clients. */
const RELEASED_MS = 1000;

/** `raced`: somebody wrote, made or deleted the lease meanwhile. */
type Try = 'held' | 'other' | 'raced' | 'failed';

/**
 * At most one of the processes that name the same lease leads. Only monotonic time decides, so that wall clocks may
 * differ and jump; and the leader stops believing in itself before the others do.
 */
export class LeaderElector {
  readonly #options: LeaderOptions;
  readonly #deps: LeaderDeps;
  readonly #times: LeaderTimes;
  #lease: KubeObject | undefined;
  /** The version last seen, and when it was seen first. */
  #seen: { version: string; at: number } | undefined;
  #until = 0;
  /** How long the API server wants to be left alone, ms. */
  #askedMs = 0;
  /** A lease that names this process although it never wrote one was not taken by it. */
  #wrote = false;

  constructor(options: LeaderOptions, deps: LeaderDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#times = options.times ?? leaderTimes;
  }

  /** True as long as nobody else can have taken the lease. Ask right before each write. */
  mayWrite(): boolean {
    return this.#deps.clock.monotonic() < this.#until;
  }

  /** Waits until this process leads; false when the signal came first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    const { clock, random, log } = this.#deps;
    while (!signal.aborted) {
      if ((await this.#try(signal)) === 'held') {
        log.info({ ...this.#options.lease, identity: this.#options.identity }, 'leading');
        this.#deps.leading(true);
        return true;
      }
      await sleep(clock, this.#pauseMs() * (1 + 0.2 * random()), signal);
    }
    return false;
  }

  /** Renews the lease until it is lost, or until the signal ends it. */
  async hold(signal: AbortSignal): Promise<'lost' | 'stopped'> {
    const { clock } = this.#deps;
    const { controller, dispose } = childAbort(signal);
    let cancel = () => {};
    const armDeadline = () => {
      cancel();
      cancel = clock.after(this.#until - clock.monotonic(), () => controller.abort());
    };
    try {
      armDeadline();
      for (;;) {
        await sleep(clock, this.#pauseMs(), controller.signal);
        if (signal.aborted) return 'stopped';
        if (!this.mayWrite()) return this.#lost('it could not be renewed in time');
        let outcome = await this.#try(controller.signal);
        // Whoever raced us may lead already: find out now and not in two seconds.
        if (outcome === 'raced') outcome = await this.#try(controller.signal);
        if (outcome === 'other') return this.#lost('another process holds it');
        if (outcome === 'held') armDeadline();
      }
    } finally {
      cancel();
      dispose();
    }
  }

  /** Gives the lease back, so that the next one need not wait. Call it when all work has ended. */
  async release(): Promise<void> {
    const { client, clock, log } = this.#deps;
    if (this.#lease === undefined || !this.mayWrite()) return;
    this.#until = 0;
    this.#deps.leading(false);
    try {
      const record = {
        ...readLease(this.#lease),
        holder: '',
        durationMs: RELEASED_MS,
        renewTime: microTime(clock.now()),
      };
      await client.replace(LEASES, writeLease(this.#options.lease, record, this.#lease));
    } catch (error) {
      log.warn({ err: error }, 'the lease was not released and has to run out');
    }
  }

  #lost(why: string): 'lost' {
    this.#until = 0;
    this.#deps.leading(false);
    this.#deps.log.error({ ...this.#options.lease, why }, 'the lease is lost');
    return 'lost';
  }

  /** Until the next try. A lease that nobody renews has run out by then, whatever the server asks for. */
  #pauseMs(): number {
    const { retryMs, leaseMs } = this.#times;
    return Math.max(retryMs, Math.min(this.#askedMs, leaseMs));
  }

  /** One look, and a write if the lease is ours or free. */
  async #try(signal: AbortSignal): Promise<Try> {
    try {
      const outcome = await this.#renewOrTake(signal);
      this.#askedMs = 0;
      return outcome;
    } catch (error) {
      // Whatever is wrong with it, our copy is not to be built on.
      this.#lease = undefined;
      this.#askedMs = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0;
      if (error instanceof KubeError && (error.status === 409 || error.notFound)) return 'raced';
      if (!signal.aborted) this.#deps.log.warn({ err: error }, 'cannot reach the lease');
      return 'failed';
    }
  }

  async #renewOrTake(signal: AbortSignal): Promise<Try> {
    const { client, clock } = this.#deps;
    const { identity, lease: key } = this.#options;
    this.#lease ??= await client.get(LEASES, key, { signal });
    if (!this.#mayTake(this.#lease)) {
      this.#lease = undefined;
      return 'other';
    }
    const previous = this.#lease === undefined ? undefined : readLease(this.#lease);
    const sentAt = clock.monotonic();
    const record = heldRecord(previous, { identity, durationMs: this.#times.leaseMs, now: clock.now() });
    const body = writeLease(key, record, this.#lease);
    this.#wrote = true;
    this.#lease =
      this.#lease === undefined
        ? await client.create(LEASES, body, { signal })
        : await client.replace(LEASES, body, { signal });
    // Counted from before the request: the server may have stored it at once and answered late.
    this.#until = sentAt + this.#times.renewMs;
    return 'held';
  }

  #mayTake(lease: KubeObject | undefined): boolean {
    if (lease === undefined) return this.#mayMake();
    const record = readLease(lease);
    const { durationMs } = record;
    if (this.#isMine(record) || isReleased(record)) return true;
    const version = lease.metadata.resourceVersion ?? '';
    if (this.#seen?.version !== version) this.#seen = { version, at: this.#deps.clock.monotonic() };
    return this.#unchangedFor(durationMs);
  }

  /** Deleted under a holder that we saw, or that must have been there, it is waited for: he may not know it yet. */
  #mayMake(): boolean {
    if (this.#wrote) return true;
    if (this.#seen === undefined) {
      if (this.#deps.hadLeader?.() !== true) return true;
      this.#seen = { version: '', at: this.#deps.clock.monotonic() };
    }
    return this.#unchangedFor(this.#times.leaseMs);
  }

  #isMine({ holder }: LeaseRecord): boolean {
    if (holder === this.#options.identity) return this.#wrote;
    // Set free by somebody else.
    return holder === '' && this.mayWrite();
  }

  /** Nobody has renewed it for that long, by our own clock. */
  #unchangedFor(ms: number): boolean {
    return this.#seen !== undefined && this.#deps.clock.monotonic() - this.#seen.at > ms;
  }
}

/** Who lets go says one second. A lease set free by somebody else may have a holder who does not know it yet. */
function isReleased({ holder, durationMs }: LeaseRecord): boolean {
  return holder === '' && durationMs <= RELEASED_MS;
}

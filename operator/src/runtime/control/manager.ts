import type { Logger } from 'pino';
import { Informers } from '../cache/informers.ts';
import { aborted, childAbort, sleep, type Clock } from '../clock.ts';
import { createClient } from '../kube/api-client.ts';
import type { KubeClient } from '../kube/client.ts';
import type { Credentials } from '../kube/credentials.ts';
import { createTransport, type Transport, type TransportLimits } from '../kube/transport.ts';
import { EventRecorder } from '../report/events.ts';
import { serveHealth, type HealthServer } from '../report/health.ts';
import { createMetrics, type RuntimeMetrics } from '../report/metrics.ts';
import { Controller } from './controller.ts';
import type { ControllerOptions } from './controller-types.ts';
import { LeaderElector, leaderTimes, type LeaderOptions } from './leader.ts';

export interface ManagerOptions {
  /** Name of the component in events and leases, as `processmeter.io/operator`. */
  component: string;
  /** Unique name of this process, as the pod's name and something random. */
  instance: string;
  /** Watch only this namespace; all when left out. */
  namespace?: string;
  /** Left out: no election, for a single replica that is replaced and never overlaps. */
  leader?: Pick<LeaderOptions, 'lease' | 'times'>;
  /** Left out: no server. */
  health?: { host: string; port: number };
  limits?: TransportLimits;
  /** How long a watch may say nothing before it is opened anew, ms; default 90 s. */
  silenceMs?: number | undefined;
  /** How long passes under way may take to end at shutdown, ms; default 20 s. */
  drainMs?: number;
}

export interface ManagerDeps {
  credentials: Credentials;
  clock: Clock;
  random: () => number;
  log: Logger;
  /** Eight random characters or more. */
  id: () => string;
  /** Called at once when the lease is lost: the process must end, because only that ends everything it may do. */
  onLost: () => void;
}

const SILENT_MS = 5 * 60_000;
const SYNC_NOTICE_MS = 30_000;
const DRAIN_MS = 20_000;
const FLUSH_MS = 5_000;

/** Everything one operator process consists of. Make it, add controllers, run it once. */
export class OperatorManager {
  /** Refuses to write while this process does not lead. */
  readonly client: KubeClient;
  readonly informers: Informers;
  readonly events: EventRecorder;
  readonly metrics: RuntimeMetrics;
  readonly #options: ManagerOptions;
  readonly #deps: ManagerDeps;
  readonly #transport: Transport;
  readonly #elector: LeaderElector | undefined;
  readonly #controllers: Controller[] = [];
  #health: HealthServer | undefined;

  constructor(options: ManagerOptions, deps: ManagerDeps) {
    this.#options = options;
    this.#deps = deps;
    this.metrics = createMetrics();
    this.#transport = createTransport({ ...deps, metrics: this.metrics.rest }, options.limits);
    this.#elector = this.#makeElector();
    const elector = this.#elector;
    this.client = createClient(this.#transport, elector ? { mayWrite: () => elector.mayWrite() } : {});
    this.informers = new Informers(
      {
        ...deps,
        transport: this.#transport,
        metrics: this.metrics.informers,
        silenceMs: options.silenceMs,
      },
      options.namespace,
    );
    this.events = new EventRecorder({
      ...deps,
      client: this.client,
      component: options.component,
      instance: options.instance,
      lost: () => this.metrics.eventsLost(),
    });
  }

  /** Port of the health server while it runs. */
  get healthPort(): number | undefined {
    return this.#health?.port;
  }

  add(options: ControllerOptions): Controller {
    const controller = new Controller(options, {
      ...this.#deps,
      informers: this.informers,
      metrics: this.metrics,
    });
    this.#controllers.push(controller);
    return controller;
  }

  /** Runs until the signal is aborted or the lease is lost; then everything has ended. */
  async run(signal: AbortSignal): Promise<'stopped' | 'lost'> {
    const life = new AbortController();
    try {
      await this.#serve();
      this.informers.start(life.signal);
      if (!(await this.#ready(signal))) return 'stopped';
      if (this.#elector !== undefined && !(await this.#elector.acquire(signal))) return 'stopped';
      return await this.#lead(signal);
    } finally {
      life.abort();
      await this.informers.ended();
      await this.#health?.close();
      await this.#transport.close();
    }
  }

  /** Passes run; the lease is kept until they have ended, so that the next leader never meets one of them. */
  async #lead(signal: AbortSignal): Promise<'stopped' | 'lost'> {
    const work = childAbort(signal);
    const lease = new AbortController();
    let outcome: 'stopped' | 'lost' = 'stopped';
    const holding = this.#elector?.hold(lease.signal).then((end) => {
      if (end !== 'lost') return;
      outcome = 'lost';
      work.controller.abort(new Error('the lease is lost'));
      this.#deps.onLost();
    });
    const working = this.#work(work.controller.signal);
    await aborted(work.controller.signal);
    const drained = await this.#within(working, this.#options.drainMs ?? DRAIN_MS);
    if (!drained) this.#deps.log.error('passes did not end in time; the lease is left to run out');
    await this.#within(this.events.flush(), FLUSH_MS);
    lease.abort();
    await holding;
    work.dispose();
    if (drained) await this.#elector?.release();
    return outcome;
  }

  /** The caches must have what the last leader wrote: a watch of this process may have died without a sign. */
  async #work(signal: AbortSignal): Promise<void> {
    if (this.#elector !== undefined) await Promise.race([this.informers.refresh('lead'), aborted(signal)]);
    await Promise.all(this.#controllers.map((controller) => controller.run(signal)));
  }

  async #serve(): Promise<void> {
    if (this.#options.health === undefined) return;
    const checks = {
      unwell: () => this.informers.silentFor(SILENT_MS).map((plural) => `no news of ${plural} for 5 minutes`),
      unready: () => (this.informers.synced ? [] : ['the caches are not filled yet']),
    };
    this.#health = await serveHealth(this.#options.health, checks, this.metrics.registry);
  }

  /** Waits for the caches; false when the signal came first. */
  async #ready(signal: AbortSignal): Promise<boolean> {
    const synced = this.informers.whenSynced().then(() => true);
    while (!signal.aborted) {
      const notice = sleep(this.#deps.clock, SYNC_NOTICE_MS, signal).then(() => false);
      if (await Promise.race([synced, notice])) return true;
      this.#deps.log.warn('the caches are not filled yet; are all resource definitions installed?');
    }
    return false;
  }

  async #within(work: Promise<unknown>, ms: number): Promise<boolean> {
    const timer = new AbortController();
    const limit = sleep(this.#deps.clock, ms, timer.signal).then(() => false);
    const done = await Promise.race([work.then(() => true), limit]);
    timer.abort();
    return done;
  }

  #makeElector(): LeaderElector | undefined {
    const { leader, component, instance } = this.#options;
    if (leader === undefined) return undefined;
    const { renewMs } = leader.times ?? leaderTimes;
    const client = createClient(this.#transport, { urgent: { timeoutMs: renewMs / 2 } });
    return new LeaderElector(
      { ...leader, identity: instance },
      {
        ...this.#deps,
        client,
        leading: (leading) => this.metrics.leader(component, leading),
        hadLeader: () => this.#controllers.some((controller) => controller.hasWorked),
      },
    );
  }
}

import { setTimeout as wait } from 'node:timers/promises';
import {
  configDirectGetSubject,
  downSubject,
  type AgentConfig,
  type EnrolResponse,
} from '@process-meter/contract';
import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { writeIdentity } from '../enrol/identity.ts';
import type { EnrolledIdentity } from '../enrol/enrol.ts';
import { renew } from '../enrol/manager-api.ts';
import type { Log } from '../log.ts';
import type { Outbox } from '../outbox/store.ts';
import type { OpenState } from '../session/tracker.ts';
import { jwtExpiry, renewalPause } from './credentials.ts';
import { DownReader } from './down.ts';
import { openLink, type Link } from './link.ts';
import { Sender } from './sender.ts';

export interface UplinkDeps {
  identity: EnrolledIdentity;
  stateFolder: string;
  version: string;
  outbox: Outbox;
  open: () => OpenState | null;
  sessions: () => number;
  applyConfig: (config: AgentConfig) => void;
  now: () => number;
  /** For pauses: the wall clock may be set back by a day, and nothing would be sent for so long. ms */
  monotonic?: () => number;
  log: Log;
}

const WATCHED_EVERY_MS = 5000;
const LOOP_MS = 250;
const LAST_SEND_MS = 3000;
const REFUSED_PAUSE_MS = 30_000;

/** All that goes up and comes down: batches, presence, configuration, marks, credentials. */
export class Uplink {
  readonly #deps: UplinkDeps;
  readonly #monotonic: () => number;
  #link: Link | null = null;
  readonly #sender: Sender;
  readonly #down: DownReader;
  #enrolled: EnrolResponse;
  #config: AgentConfig | null = null;
  #watchedUntil = 0;
  /** A state changed since the last send. */
  #changed = false;
  /** By the monotonic clock, as all pauses; null when it is due at once. */
  #sentAt: number | null = null;
  #presenceAt: number | null = null;
  #renewAt: number;
  #renewing: Promise<void> | null = null;
  #keeping: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #subscription: Subscription | null = null;

  constructor(deps: UplinkDeps) {
    this.#deps = deps;
    this.#monotonic = deps.monotonic ?? (() => performance.now());
    this.#enrolled = deps.identity.enrolled;
    const { now, log, outbox } = deps;
    this.#renewAt = now() + renewalPause(this.#enrolled.jwtExpiresAt, now());
    this.#down = new DownReader({
      agent: this.#enrolled.agent,
      trusted: () => this.#enrolled.trusted,
      store: outbox,
      now,
      log,
      handlers: {
        config: (config) => this.#applyConfig(config),
        mark: (mark) => {
          const places = outbox.placesOf(mark.epoch, mark.committed);
          if (places.length === 0) return;
          outbox.trim(places);
          this.#sender.plan.committed(places);
        },
        watch: (until) => {
          this.#watchedUntil = until;
          this.#changed = true;
        },
        credentials: (jwt) => void this.#useCredentials(jwt),
        authorities: (authorities) => void this.#trust(authorities),
      },
    });
    this.#sender = new Sender({
      identity: () => this.#enrolled,
      outbox,
      connection: () => this.#link?.connection() ?? null,
      open: deps.open,
      now,
      monotonic: this.#monotonic,
      log,
    });
  }

  /** Puts the configuration of the last run in force and connects. The collector must be there to take it. */
  start(): void {
    const { identity, log } = this.#deps;
    this.#down.restoreConfig();
    this.#link = openLink({
      seed: identity.seed,
      credentials: () => this.#enrolled,
      log,
      connected: (connection) => this.#onConnected(connection),
      refused: () => this.#renew(),
    });
    this.#timer = setInterval(() => this.#loop(), LOOP_MS);
  }

  /** A state changed: sent at once when somebody watches. */
  changed(): void {
    this.#changed = true;
  }

  /** Sends what can be sent in three seconds and says good-bye. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    const connection = this.#link?.connection() ?? null;
    if (connection !== null) {
      await Promise.race([this.#flushTwice(), wait(LAST_SEND_MS)]);
      this.#presence('leaving');
      await Promise.race([connection.flush().catch(() => undefined), wait(500)]);
    }
    await this.#link?.close();
  }

  /** A flush that runs already may not carry the newest records: one more does. */
  async #flushTwice(): Promise<void> {
    await this.#sender.flush();
    await this.#sender.flush();
  }

  #loop(): void {
    if (this.#sendIsDue() && this.#connected()) {
      this.#changed = false;
      this.#sentAt = this.#monotonic();
      void this.#sender.flush();
    }
    if (this.#passed(this.#presenceAt, this.#config?.presenceEveryMs ?? 30_000)) this.#presence('running');
    if (this.#deps.now() >= this.#renewAt) void this.#renew();
  }

  #connected(): boolean {
    return (this.#link?.connection() ?? null) !== null;
  }

  #sendIsDue(): boolean {
    const sendEvery = this.#config?.sendEveryMs ?? 60_000;
    const watched = this.#deps.now() < this.#watchedUntil;
    const every = watched ? Math.min(WATCHED_EVERY_MS, sendEvery) : sendEvery;
    return this.#passed(this.#sentAt, every) || (watched && this.#changed) || this.#sender.plan.full();
  }

  #passed(since: number | null, pause: number): boolean {
    return since === null || this.#monotonic() - since >= pause;
  }

  #presence(phase: 'running' | 'leaving'): void {
    this.#presenceAt = this.#monotonic();
    this.#sender.presence({
      at: this.#deps.now(),
      version: this.#deps.version,
      appliedRevision: this.#config?.revision ?? null,
      openSessions: this.#deps.sessions(),
      credentialsExpire: this.#enrolled.jwtExpiresAt,
      phase,
    });
  }

  #applyConfig(config: AgentConfig): void {
    const news = this.#config?.revision !== config.revision;
    this.#config = config;
    this.#deps.applyConfig(config);
    if (!news) return;
    this.#deps.log.info(
      { revision: config.revision, applications: config.applications.length },
      'configured',
    );
    this.#presenceAt = null;
  }

  #onConnected(connection: NatsConnection): void {
    const { account, agent } = this.#enrolled;
    // A reconnect keeps the subscriptions of the connection; a new connection has none.
    this.#subscription?.unsubscribe();
    this.#subscription = connection.subscribe(downSubject(account, agent), {
      callback: (error, message) => {
        if (error === null) this.#down.receive(message.data);
      },
    });
    this.#presenceAt = null;
    this.#sentAt = null;
    void this.#fetchConfig(connection);
  }

  async #fetchConfig(connection: NatsConnection): Promise<void> {
    const { account, agent } = this.#enrolled;
    try {
      const answer = await connection.request(configDirectGetSubject(account, agent), undefined, {
        timeout: 5000,
      });
      if ((answer.headers?.code ?? 0) >= 300) return;
      this.#down.receive(answer.data);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the configuration cannot be read; the last one stays in force');
    }
  }

  #renew(): Promise<void> {
    this.#renewing ??= this.#renewNow().finally(() => {
      this.#renewing = null;
    });
    return this.#renewing;
  }

  async #renewNow(): Promise<void> {
    const { identity, now, log } = this.#deps;
    const { agent } = this.#enrolled;
    try {
      const { jwt, sealed } = await renew(identity.managerUrl, { agent, seed: identity.seed }, now());
      // Before the credentials, which connect anew.
      if (sealed !== undefined) this.#down.receive(Buffer.from(sealed, 'base64url'));
      await this.#useCredentials(jwt);
    } catch (error) {
      this.#renewAt = now() + REFUSED_PAUSE_MS;
      log.warn({ err: error }, 'the credentials cannot be renewed; trying again');
    }
  }

  async #useCredentials(jwt: string): Promise<void> {
    const { now, log } = this.#deps;
    const jwtExpiresAt = jwtExpiry(jwt) ?? this.#enrolled.jwtExpiresAt;
    if (jwt === this.#enrolled.jwt) return;
    this.#enrolled = { ...this.#enrolled, jwt, jwtExpiresAt };
    this.#renewAt = now() + renewalPause(jwtExpiresAt, now());
    await this.#keepIdentity();
    log.info({ until: jwtExpiresAt }, 'credentials renewed');
    this.#link?.renewed();
  }

  /** Counts at the next handshake: the connection that is there goes on. */
  async #trust(authorities: readonly string[]): Promise<void> {
    if (JSON.stringify(authorities) === JSON.stringify(this.#enrolled.authorities)) return;
    this.#enrolled = { ...this.#enrolled, authorities: [...authorities] };
    await this.#keepIdentity();
    this.#deps.log.info({ authorities: authorities.length }, 'authorities of the NATS servers learned');
  }

  /** One after the other: all write the same file. */
  #keepIdentity(): Promise<void> {
    const { identity, stateFolder, log } = this.#deps;
    this.#keeping = this.#keeping
      .then(() => writeIdentity(stateFolder, { ...identity, enrolled: this.#enrolled }))
      // What is new is used all the same: a full disk must not end the connection.
      .catch((error: unknown) => log.warn({ err: error }, 'the new identity cannot be kept'));
    return this.#keeping;
  }
}

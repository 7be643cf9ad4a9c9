import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import {
  ALL_PRESENCE,
  AppError,
  configKey,
  downSubject,
  inboxPrefix,
  KV_CONFIG,
} from '@process-meter/contract';
import type { Log } from '../log.ts';
import { natsAuthenticator, type Credentials } from '../nats-trust/index.ts';
import { MANAGED_STREAMS } from './streams.ts';

/** The Manager's side of NATS. Survives the server's absence: it connects again by itself, for ever. */
export interface Hub {
  connected(): boolean;
  /** Puts the sealed configuration of an agent into the KV bucket. @throws AppError PM-5003 when NATS does not ack */
  putConfig(account: string, agent: string, sealed: Uint8Array): Promise<void>;
  /** Removes the configuration of an agent that is no more. @throws AppError PM-5003 */
  purgeConfig(account: string, agent: string): Promise<void>;
  /** Sends a sealed message to an agent that listens now; it is lost for one that does not. */
  sendDown(account: string, agent: string, sealed: Uint8Array): void;
  onPresence(handle: (message: PresenceMessage) => void): void;
  /** Runs at the first connect and at each one after a loss, when the streams are there. */
  onConnected(handle: () => void): void;
  close(): Promise<void>;
}

export interface PresenceMessage {
  subject: string;
  header(name: string): string | undefined;
  body: Uint8Array;
}

export interface HubDeps {
  servers: string;
  credentials: Credentials;
  log: Log;
}

class NatsHub implements Hub {
  readonly #connection: NatsConnection;
  readonly #log: Log;
  readonly #onConnected: (() => void)[] = [];
  #ready = false;

  constructor(connection: NatsConnection, log: Log) {
    this.#connection = connection;
    this.#log = log;
    void this.#watchStatus();
    void this.#prepare();
  }

  connected(): boolean {
    return this.#ready && !this.#connection.isClosed();
  }

  async putConfig(account: string, agent: string, sealed: Uint8Array): Promise<void> {
    await this.#acked(() =>
      jetstream(this.#connection).publish(configSubject(account, agent), sealed, { timeout: 3000 }),
    );
  }

  async purgeConfig(account: string, agent: string): Promise<void> {
    await this.#acked(async () => {
      const manager = await jetstreamManager(this.#connection, { checkAPI: false, timeout: 3000 });
      return manager.streams.purge(`KV_${KV_CONFIG}`, { filter: configSubject(account, agent) });
    });
  }

  sendDown(account: string, agent: string, sealed: Uint8Array): void {
    if (this.connected()) this.#connection.publish(downSubject(account, agent), sealed);
  }

  onPresence(handle: (message: PresenceMessage) => void): void {
    this.#connection.subscribe(ALL_PRESENCE, {
      callback: (error, message) => {
        if (error === null) handle(presenceMessage(message));
      },
    });
  }

  onConnected(handle: () => void): void {
    this.#onConnected.push(handle);
    if (this.#ready) handle();
  }

  async close(): Promise<void> {
    this.#ready = false;
    // A drain waits for the server; without one there is nothing to wait for.
    await Promise.race([
      this.#connection.drain().catch(() => undefined),
      new Promise((done) => setTimeout(done, 1000).unref()),
    ]);
    await this.#connection.close();
  }

  async #acked(work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      throw new AppError('unavailable', 'The NATS server does not answer.', { cause });
    }
  }

  async #watchStatus(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === 'disconnect') {
        this.#ready = false;
        this.#log.warn('lost the NATS server');
      }
      if (status.type === 'reconnect') void this.#prepare();
    }
  }

  async #prepare(): Promise<void> {
    for (let wait = 250; !this.#connection.isClosed(); wait = Math.min(wait * 2, 5000)) {
      try {
        await ensureStreams(await jetstreamManager(this.#connection, { timeout: 3000 }));
        this.#ready = true;
        this.#log.info('NATS is ready');
        for (const handle of this.#onConnected) handle();
        return;
      } catch (error) {
        this.#log.warn({ err: error }, 'NATS is not ready yet');
        await new Promise((done) => setTimeout(done, wait).unref());
      }
    }
  }
}

/** Connects, waiting for a server that is not there yet only in the background. */
export async function connectHub({ servers, credentials, log }: HubDeps): Promise<Hub> {
  const connection = await connect({
    servers: servers.split(','),
    name: 'manager',
    authenticator: natsAuthenticator(credentials),
    inboxPrefix: inboxPrefix('manager'),
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
  });
  return new NatsHub(connection, log);
}

async function ensureStreams(manager: JetStreamManager): Promise<void> {
  for (const stream of MANAGED_STREAMS) {
    const known = await manager.streams.info(stream.name).catch(() => undefined);
    if (known === undefined) await manager.streams.add(stream);
  }
}

const configSubject = (account: string, agent: string): string =>
  `$KV.${KV_CONFIG}.${configKey(account, agent)}`;

function presenceMessage(message: Msg): PresenceMessage {
  return {
    subject: message.subject,
    body: message.data,
    header: (name) => {
      const value = message.headers?.get(name);
      return value === undefined || value === '' ? undefined : value;
    },
  };
}

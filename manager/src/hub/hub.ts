import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import {
  ALL_PRESENCE,
  AppError,
  configKey,
  downSubject,
  inboxPrefix,
  natsAddresses,
  KV_CONFIG,
  type RecordRoom,
} from '@process-meter/contract';
import type { Log } from '../log.ts';
import { natsAuthenticator, type Credentials } from '../nats-trust/index.ts';
import { ensureStreams } from './ensure-streams.ts';
import { keepRoom, readRoom, toldRoom } from './room.ts';
import { managedStreams, STREAM_BYTES } from './streams.ts';

/** The Manager's side of NATS. Survives the server's absence: it connects again by itself, for ever. */
export interface Hub {
  connected(): boolean;
  /** Puts the sealed configuration of an agent into the KV bucket. @throws AppError PM-5003 when NATS does not ack */
  putConfig(account: string, agent: string, sealed: Uint8Array): Promise<void>;
  /** Removes the configuration of an agent that is no more. @throws AppError PM-5003 */
  purgeConfig(account: string, agent: string): Promise<void>;
  /** Sends a sealed message to an agent that listens now; it is lost for one that does not. */
  sendDown(account: string, agent: string, sealed: Uint8Array): void;
  /** What the stream of records holds. @throws AppError PM-5003 */
  recordRoom(): Promise<RecordRoom>;
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
  /** Copies that the servers keep of each stream. Default 1. */
  streamReplicas?: number;
  /** Room of the stream of records, bytes. */
  streamBytes?: number;
  /** Ms between two looks whether that stream has room. */
  roomEveryMs?: number;
}

const CONNECT_EVERY_MS = 1000;
const ROOM_EVERY_MS = 30_000;
const API = { checkAPI: false, timeout: 3000 };

class NatsHub implements Hub {
  readonly #deps: HubDeps;
  readonly #onConnected: (() => void)[] = [];
  readonly #onPresence: ((message: PresenceMessage) => void)[] = [];
  #connection: NatsConnection | undefined;
  readonly #room: NodeJS.Timeout;
  #ready = false;
  #closed = false;

  constructor(deps: HubDeps) {
    this.#deps = deps;
    this.#room = setInterval(() => void this.#keepRoom(), deps.roomEveryMs ?? ROOM_EVERY_MS).unref();
    void this.#connectFirst();
  }

  connected(): boolean {
    return this.#ready && this.#connection?.isClosed() === false;
  }

  async putConfig(account: string, agent: string, sealed: Uint8Array): Promise<void> {
    await this.#answered((connection) =>
      jetstream(connection).publish(configSubject(account, agent), sealed, { timeout: 3000 }),
    );
  }

  async purgeConfig(account: string, agent: string): Promise<void> {
    await this.#answered(async (connection) => {
      const manager = await jetstreamManager(connection, API);
      return manager.streams.purge(`KV_${KV_CONFIG}`, { filter: configSubject(account, agent) });
    });
  }

  sendDown(account: string, agent: string, sealed: Uint8Array): void {
    if (this.connected()) this.#connection?.publish(downSubject(account, agent), sealed);
  }

  recordRoom(): Promise<RecordRoom> {
    return this.#answered(async (connection) => {
      const { room, firstAt } = await readRoom(await jetstreamManager(connection, API));
      return toldRoom(room, firstAt);
    });
  }

  onPresence(handle: (message: PresenceMessage) => void): void {
    this.#onPresence.push(handle);
  }

  onConnected(handle: () => void): void {
    this.#onConnected.push(handle);
    if (this.#ready) handle();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ready = false;
    clearInterval(this.#room);
    // A drain waits for the server; without one there is nothing to wait for.
    await Promise.race([
      this.#connection?.drain().catch(() => undefined),
      new Promise((done) => setTimeout(done, 1000).unref()),
    ]);
    await this.#connection?.close();
  }

  async #answered<Answer>(work: (connection: NatsConnection) => Promise<Answer>): Promise<Answer> {
    if (this.#connection === undefined || !this.#ready)
      throw new AppError('unavailable', 'The NATS server does not answer.');
    try {
      return await work(this.#connection);
    } catch (cause) {
      throw new AppError('unavailable', 'The NATS server does not answer.', { cause });
    }
  }

  async #keepRoom(): Promise<void> {
    if (!this.connected() || this.#connection === undefined) return;
    try {
      await keepRoom(await jetstreamManager(this.#connection, API), this.#deps.log);
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the room of the stream is not known');
    }
  }

  async #connectFirst(): Promise<void> {
    const { servers, credentials, log } = this.#deps;
    while (!this.#closed) {
      try {
        const connection = await connect({
          ...natsAddresses(servers.split(',')),
          name: 'manager',
          authenticator: natsAuthenticator(credentials),
          inboxPrefix: inboxPrefix('manager'),
          maxReconnectAttempts: -1,
          reconnectTimeWait: 500,
          timeout: 3000,
        });
        await this.#begin(connection);
        return;
      } catch (error) {
        log.warn({ err: error }, 'NATS does not answer yet');
        await new Promise((done) => setTimeout(done, CONNECT_EVERY_MS).unref());
      }
    }
  }

  async #begin(connection: NatsConnection): Promise<void> {
    if (this.#closed) return connection.close();
    this.#connection = connection;
    connection.subscribe(ALL_PRESENCE, {
      callback: (error, message) => {
        if (error !== null) return;
        for (const handle of this.#onPresence) handle(presenceMessage(message));
      },
    });
    void this.#watchStatus(connection);
    void this.#prepare(connection);
  }

  async #watchStatus(connection: NatsConnection): Promise<void> {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        this.#ready = false;
        this.#deps.log.warn('lost the NATS server');
      }
      if (status.type === 'reconnect') void this.#prepare(connection);
    }
  }

  async #prepare(connection: NatsConnection): Promise<void> {
    for (let wait = 250; !connection.isClosed(); wait = Math.min(wait * 2, 5000)) {
      try {
        const manager = await jetstreamManager(connection, { timeout: 3000 });
        const { streamReplicas = 1, streamBytes = STREAM_BYTES } = this.#deps;
        const streams = managedStreams(streamReplicas, streamBytes);
        await ensureStreams({ manager, log: this.#deps.log, streams });
        this.#ready = true;
        this.#deps.log.info('NATS is ready');
        for (const handle of this.#onConnected) handle();
        return;
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'NATS is not ready yet');
        await new Promise((done) => setTimeout(done, wait).unref());
      }
    }
  }
}

/** Connects in the background, for as long as it takes: the API answers reports while NATS is away. */
export function connectHub(deps: HubDeps): Hub {
  return new NatsHub(deps);
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

import { jetstream, jetstreamManager, type ConsumerMessages, type JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { INGEST_CONSUMER, STREAM_RECORDS, type Batch } from '@process-meter/contract';
import type { Log } from '../log.ts';
import type { Accepted, Incoming } from './accept.ts';
import { ensureConsumer, type RestoredAt } from './ensure-consumer.ts';
import type { Pending } from './pipeline.ts';

export interface ConsumerDeps {
  connection: NatsConnection;
  accept: (message: Incoming, now: number) => Accepted;
  submit: (messages: readonly Pending[]) => Promise<void>;
  now: () => number;
  log: Log;
  /** Ms after which a message without an acknowledgement comes again. */
  ackWaitMs: number;
  /** Whether the database was made of a backup, and when. */
  restored: () => Promise<RestoredAt | undefined>;
}

const FLUSH_RECORDS = 20_000;
const FLUSH_MESSAGES = 4000;
const FLUSH_AFTER_MS = 150;
/** Enough for the transactions in flight and the group being gathered (ingest.md §15, step 1). */
const MAX_ACK_PENDING = 5 * FLUSH_MESSAGES;
const RETRY_DELAY_MS = 1000;

/**
 * Reads the stream by the durable consumer that all ingest processes share. Groups messages until there are enough
 * records or a short time has passed. Reads again after any trouble until it is stopped.
 */
export class RecordConsumer {
  readonly #deps: ConsumerDeps;
  #gathered: Pending[] = [];
  #records = 0;
  #timer: NodeJS.Timeout | undefined;
  #messages: ConsumerMessages | undefined;
  #stopped = false;
  /** Messages that wait in the stream behind the last one seen. */
  backlog = 0;

  constructor(deps: ConsumerDeps) {
    this.#deps = deps;
  }

  /** Runs until `stop`. */
  async run(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#consume();
      } catch (error) {
        this.#deps.log.warn({ err: error }, 'ingest waits for the stream');
      }
      if (!this.#stopped) await new Promise((resolve) => setTimeout(resolve, 500));
    }
    await this.#flush();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#messages?.close();
  }

  async #consume(): Promise<void> {
    const manager = await jetstreamManager(this.#deps.connection, { checkAPI: false });
    const limits = { ackWaitMs: this.#deps.ackWaitMs, maxAckPending: MAX_ACK_PENDING };
    await ensureConsumer(manager, limits, await this.#deps.restored());
    const consumer = await jetstream(this.#deps.connection).consumers.get(STREAM_RECORDS, INGEST_CONSUMER);
    if (this.#stopped) return;
    const messages = await consumer.consume({
      max_messages: FLUSH_MESSAGES,
      abort_on_missing_resource: true,
    });
    this.#messages = messages;
    for await (const message of messages) {
      this.backlog = message.info.pending;
      this.#gather(message);
      const full = this.#records >= FLUSH_RECORDS || this.#gathered.length >= FLUSH_MESSAGES;
      if (full) await this.#flush();
    }
  }

  #gather(message: JsMsg): void {
    const incoming: Incoming = {
      subject: message.subject,
      body: message.data,
      header: (name) => message.headers?.get(name) || undefined,
    };
    const accepted = this.#deps.accept(incoming, this.#deps.now());
    this.#records += accepted.ok ? recordsOf(accepted.batch) : 1;
    this.#gathered.push({
      message: incoming,
      accepted,
      streamSeq: message.info.streamSequence,
      streamAt: new Date(message.info.timestampNanos / 1_000_000),
      headers: headersOf(message),
      ack: () => message.ack(),
      retry: () => message.nak(RETRY_DELAY_MS),
    });
    this.#timer ??= setTimeout(() => void this.#flush(), FLUSH_AFTER_MS);
  }

  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const group = this.#gathered;
    this.#gathered = [];
    this.#records = 0;
    if (group.length > 0) await this.#deps.submit(group);
  }
}

const recordsOf = (batch: Batch): number => Math.max(1, batch.count);

function headersOf(message: JsMsg): Record<string, string> {
  return Object.fromEntries([...(message.headers ?? [])].map(([name, values]) => [name, values.join(', ')]));
}

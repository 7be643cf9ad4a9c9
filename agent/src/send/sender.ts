import { setTimeout as wait } from 'node:timers/promises';
import {
  BATCH_MAX_BYTES,
  HEADER,
  batchMessageId,
  encodeBatch,
  macHeader,
  presenceSubject,
  recordSubject,
  type EnrolResponse,
  type OpenSnapshot,
  type Presence,
} from '@process-meter/contract';
import { headers, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { Epoch } from '../outbox/epochs.ts';
import type { Outbox } from '../outbox/store.ts';
import type { OpenState } from '../session/tracker.ts';
import { BatchPlan, type PlannedBatch } from './batches.ts';

export interface SenderDeps {
  identity: () => EnrolResponse;
  outbox: Outbox;
  connection: () => NatsConnection | null;
  /** Live state of the desktop; null before anything is watched. */
  open: () => OpenState | null;
  now: () => number;
  /** For the times at which what is not committed is sent again, ms. */
  monotonic: () => number;
  log: Log;
}
type OwnFields = 'v' | 'agent' | 'epoch' | 'rev' | 'waiting' | 'oldestWaiting' | 'lastSeq' | 'trouble';
const ACK_TIMEOUT_MS = 5000;
/** Batches of a backlog follow each other no faster than this: an agent that comes back after weeks leaves room for the others. */
export const REPLAY_PAUSE_MS = 100;
const pubAckSchema = z.object({
  stream: z.string().optional(),
  error: z.object({ code: z.number(), description: z.string() }).optional(),
});

/** Sends batches to JetStream one after another. A record leaves the outbox only by a committed mark. */
export class Sender {
  readonly #deps: SenderDeps;
  #plan: BatchPlan;
  #planned: number;
  #sending: Promise<boolean> | null = null;

  constructor(deps: SenderDeps) {
    this.#deps = deps;
    this.#plan = new BatchPlan(deps.outbox);
    this.#planned = deps.outbox.epoch;
  }

  /** A damaged outbox was replaced while the agent ran: its sequences begin anew, and so does the plan. */
  get plan(): BatchPlan {
    const { epoch } = this.#deps.outbox;
    if (epoch !== this.#planned) {
      this.#plan = new BatchPlan(this.#deps.outbox);
      this.#planned = epoch;
    }
    return this.#plan;
  }

  /**
   * Sends all that waits, with the live state attached to the last batch.
   * @returns false when not all could be sent now
   */
  flush(): Promise<boolean> {
    this.#sending ??= this.#flush().finally(() => {
      this.#sending = null;
    });
    return this.#sending;
  }

  async #flush(): Promise<boolean> {
    try {
      for (let sentOpen = false; ;) {
        const connection = this.#deps.connection();
        if (connection === null) return false;
        const next = this.#next(sentOpen);
        if (next === null) return true;
        await this.#send(connection, next.batch, next.open);
        sentOpen = next.open !== null;
        if (!next.last) await wait(REPLAY_PAUSE_MS);
      }
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'a batch was not taken; it stays in the outbox');
      return false;
    }
  }

  /** What to send now; null when all is sent, the live state as well. */
  #next(sentOpen: boolean): { batch: PlannedBatch | null; open: OpenSnapshot | null; last: boolean } | null {
    const batch = this.plan.next(this.#deps.monotonic());
    if (batch === null) {
      const open = sentOpen ? null : this.#snapshot();
      return open === null ? null : { batch, open, last: true };
    }
    // Only a batch that leaves nothing behind carries the live state: it must not be newer than the records.
    const last = this.plan.isLast(batch);
    const ofNow = this.#epochOf(batch).epoch === this.#deps.outbox.epoch;
    return { batch, open: last && ofNow ? this.#snapshot() : null, last };
  }

  async #send(
    connection: NatsConnection,
    batch: PlannedBatch | null,
    open: OpenSnapshot | null,
  ): Promise<void> {
    const { agent, account } = this.#deps.identity();
    const { plan } = this;
    const { epoch, base } = this.#epochOf(batch);
    const first = batch === null ? 0 : batch.first - base;
    const last = batch === null ? 0 : batch.last - base;
    const sentAt = this.#deps.now();
    const { body, encoding } = encodeBatch({
      account,
      agent,
      epoch,
      sentAt,
      records: (batch?.records ?? []).map((record) => ({ ...record, seq: record.seq - base })),
      open,
    });
    if (body.byteLength > BATCH_MAX_BYTES) return this.#tooLarge(batch);
    const subject = recordSubject(account, agent);
    const fields = this.#signed({ subject, epoch, seq: first, body });
    fields.set(HEADER.encoding, encoding);
    fields.set('Nats-Msg-Id', batchMessageId(agent, epoch, { first, last }, open?.rev ?? 0));
    const answer = await connection.request(subject, body, { headers: fields, timeout: ACK_TIMEOUT_MS });
    const ack = pubAckSchema.parse(answer.json());
    if (ack.error !== undefined) throw new Error(`JetStream: ${ack.error.description}`);
    if (batch !== null) plan.stored(batch, this.#deps.monotonic());
  }

  /** A batch that can never be taken is halved; a single record that can never be taken is put aside. */
  #tooLarge(batch: PlannedBatch | null): void {
    if (batch === null || this.plan.split(batch)) return;
    this.#deps.log.error({ seq: batch.first }, 'a record is too large to be sent; it is put aside');
    this.#deps.outbox.bury(batch.first, 'larger than a batch may be');
  }

  #snapshot(): OpenSnapshot | null {
    const open = this.#deps.open();
    return open === null ? null : { rev: this.#deps.outbox.nextRev(), ...open };
  }

  /** Core NATS, not stored: says that the agent lives, and how much waits. */
  presence(presence: Omit<Presence, OwnFields>): void {
    const connection = this.#deps.connection();
    if (connection === null) return;
    const { agent, account } = this.#deps.identity();
    const { waiting, oldest, lastSeq, trouble } = this.#deps.outbox.stats();
    const message: Presence = {
      v: 1,
      agent,
      epoch: this.#deps.outbox.epoch,
      waiting,
      oldestWaiting: oldest,
      lastSeq,
      rev: this.#deps.outbox.nextRev(),
      ...(trouble === '' ? {} : { trouble }),
      ...presence,
    };
    const body = Buffer.from(JSON.stringify(message));
    const subject = presenceSubject(account, agent);
    connection.publish(subject, body, {
      headers: this.#signed({ subject, epoch: this.#deps.outbox.epoch, seq: lastSeq, body }),
    });
  }

  #epochOf(batch: PlannedBatch | null): Epoch {
    const { outbox } = this.#deps;
    return batch === null ? { epoch: outbox.epoch, base: 0 } : outbox.epochAt(batch.first);
  }

  #signed(input: { subject: string; epoch: number; seq: number; body: Uint8Array }): MsgHdrs {
    const { macKey, macKid } = this.#deps.identity();
    const fields = headers();
    const key = Buffer.from(macKey, 'base64url');
    fields.set(HEADER.mac, macHeader(key, macKid, input));
    fields.set(HEADER.epoch, String(input.epoch));
    fields.set(HEADER.seq, String(input.seq));
    return fields;
  }
}

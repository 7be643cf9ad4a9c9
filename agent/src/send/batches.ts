import { BATCH_MAX_RECORDS, type AgentRecord } from '@process-meter/contract';
import type { Outbox } from '../outbox/store.ts';

export interface PlannedBatch {
  records: AgentRecord[];
  first: number;
  last: number;
}
interface SentBatch {
  first: number;
  last: number;
  dueAgain: number;
  tries: number;
}

/** A batch that JetStream has, but the database does not confirm, is sent again after this long, then ever longer. */
export const RESEND_AFTER_MS = 150_000;
const RESEND_MOST_MS = 3_600_000;

/** Which records to send next: new ones in order, and again what was sent long ago and is not committed. */
export class BatchPlan {
  readonly #outbox: Pick<Outbox, 'read'>;
  readonly #sent = new Map<number, SentBatch>();
  #next = 1;
  /** Records a batch may have; halved for a batch that is too large. */
  #limit = BATCH_MAX_RECORDS;

  constructor(outbox: Pick<Outbox, 'read'>) {
    this.#outbox = outbox;
  }

  /** The batch to send now, or null when there is nothing to send. */
  next(now: number): PlannedBatch | null {
    const again = [...this.#sent.values()].find(({ dueAgain }) => dueAgain <= now);
    if (again !== undefined) {
      const records = this.#outbox.read(again.first, again.last - again.first + 1);
      const batch = planned(records.filter(({ seq }) => seq <= again.last));
      if (batch?.first !== again.first) this.#sent.delete(again.first);
      return batch ?? this.next(now);
    }
    return planned(this.#outbox.read(this.#next, this.#limit));
  }

  /** True when a full batch waits. */
  full(): boolean {
    return this.#outbox.read(this.#next, BATCH_MAX_RECORDS).length >= BATCH_MAX_RECORDS;
  }

  /** JetStream has it; now the committed mark is awaited. */
  stored(batch: PlannedBatch, now: number): void {
    const tries = this.#sent.get(batch.first)?.tries ?? 0;
    const pause = Math.min(RESEND_AFTER_MS * 2 ** tries, RESEND_MOST_MS);
    this.#sent.set(batch.first, {
      first: batch.first,
      last: batch.last,
      dueAgain: now + pause,
      tries: tries + 1,
    });
    this.#next = Math.max(this.#next, batch.last + 1);
    this.#limit = BATCH_MAX_RECORDS;
  }

  /** @returns false when the batch is one record already and cannot be made smaller */
  split(batch: PlannedBatch): boolean {
    this.#limit = Math.max(1, Math.floor(batch.records.length / 2));
    return batch.records.length > 1;
  }

  /** The Manager has committed these ranges. */
  committed(ranges: readonly (readonly [number, number])[]): void {
    for (const [first, sent] of this.#sent) {
      if (ranges.some(([from, to]) => from <= sent.first && to >= sent.last)) this.#sent.delete(first);
    }
  }
}

function planned(records: AgentRecord[]): PlannedBatch | null {
  const first = records[0];
  const last = records.at(-1);
  return first === undefined || last === undefined ? null : { records, first: first.seq, last: last.seq };
}

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
/**
 * So often sent and still not committed, while later records were: something in the batch is refused. It is sent in
 * halves from then on, so that one bad record holds up no other.
 */
const SPLIT_AFTER_TRIES = 3;
/** A single record that is refused for about 30 days is given up. */
const GIVE_UP_AFTER_TRIES = 720;

/** Which records to send next: new ones in order, and again what was sent long ago and is not committed. */
export class BatchPlan {
  readonly #outbox: Pick<Outbox, 'read' | 'bury'>;
  readonly #sent = new Map<number, SentBatch>();
  #next = 1;
  /** Records a batch may have; halved for a batch that is too large. */
  #limit = BATCH_MAX_RECORDS;

  /** Last sequence that is committed. */
  #committedTo = 0;

  constructor(outbox: Pick<Outbox, 'read' | 'bury'>) {
    this.#outbox = outbox;
  }

  /** The batch to send now, or null when there is nothing to send. */
  next(now: number): PlannedBatch | null {
    const again = [...this.#sent.values()].find(({ dueAgain }) => dueAgain <= now);
    if (again !== undefined) {
      if (this.#refused(again)) return this.next(now);
      const records = this.#outbox.read(again.first, again.last - again.first + 1);
      const batch = planned(records.filter(({ seq }) => seq <= again.last));
      if (batch?.first !== again.first) this.#sent.delete(again.first);
      return batch ?? this.next(now);
    }
    return planned(this.#outbox.read(this.#next, this.#limit));
  }

  /** Halves a batch that is refused again and again, or gives its one record up. @returns true when it did */
  #refused(sent: SentBatch): boolean {
    const { first, last, tries, dueAgain } = sent;
    if (this.#committedTo <= last || tries < SPLIT_AFTER_TRIES) return false;
    if (first < last) {
      const middle = Math.floor((first + last) / 2);
      // The halves have their tries before them: they may both be good in themselves.
      this.#sent.set(first, { first, last: middle, tries: 1, dueAgain });
      this.#sent.set(middle + 1, { first: middle + 1, last, tries: 1, dueAgain });
      return true;
    }
    if (tries < GIVE_UP_AFTER_TRIES) return false;
    this.#sent.delete(first);
    this.#outbox.bury(first, 'refused again and again');
    return true;
  }

  /** True when nothing that was not sent yet waits behind the batch. */
  isLast({ last }: PlannedBatch): boolean {
    return this.#outbox.read(Math.max(this.#next, last + 1), 1).length === 0;
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
    this.#committedTo = Math.max(this.#committedTo, ...ranges.map(([, to]) => to));
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

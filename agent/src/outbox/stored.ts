import type { DatabaseSync } from 'node:sqlite';
import { agentRecordSchema, type AgentRecord } from '@process-meter/contract';
import type { RecordDraft } from '../session/sample.ts';
import { isAtBudget, isFull, newEpoch } from './database.ts';
import { epochAt, parseEpochs, withEpoch, type Epoch } from './epochs.ts';
import { addLoss, gapOf, lossOf, type Loss } from './loss.ts';
import type { OutboxOptions } from './outbox.ts';

const EVICT = 500;

/** A record that waits for the disk. */
export interface Held {
  draft: RecordDraft;
  at: number;
}
/** What is written in one transaction. */
export interface Write {
  held: readonly Held[];
  /** What was given up before it was ever written. */
  lost: Loss | null;
  settings: ReadonlyMap<string, string>;
}

/** The outbox on the disk. Everything throws when the disk does not do what it should. */
export class StoredOutbox {
  /** Oldest first; the last one is in use. */
  readonly epochs: Epoch[];
  readonly #db: DatabaseSync;
  readonly #options: OutboxOptions;
  #lastSeq: number;
  /** Last sequence the running transaction gives out; it is given out when that is committed. */
  #seqInTransaction = 0;
  /** Saves the epoch that began, in the next transaction. */
  #unsaved: (() => void) | null = null;

  constructor(db: DatabaseSync, options: OutboxOptions) {
    this.#db = db;
    this.#options = options;
    this.#lastSeq = Number(this.get('lastSeq') ?? 0);
    const epoch = Number(this.get('epoch') ?? 0);
    const kept = parseEpochs(this.get('epochs'));
    this.epochs = epoch > 0 && kept.length === 0 ? [{ epoch, base: 0 }] : kept;
    // An outbox that is there already is opened without a write: it must open on a full disk as well.
    if (epoch === 0 || this.#isOfAnother()) this.#begin();
  }

  get epoch(): number {
    return this.epochs.at(-1)?.epoch ?? 0;
  }

  #isOfAnother(): boolean {
    const { instance } = this.#options;
    return (
      instance !== undefined && (this.get('boot') !== instance.boot || this.get('place') !== instance.place)
    );
  }

  /** Begins an epoch. What a copied outbox left open is the affair of the one it was copied from. */
  #begin(): void {
    const { folder, now, instance } = this.#options;
    const epoch = newEpoch(folder, now());
    const place = this.get('place');
    const copied = instance !== undefined && place !== null && place !== instance.place;
    this.epochs.splice(0, this.epochs.length, ...withEpoch(this.epochs, epoch, this.#lastSeq));
    this.#unsaved = () => {
      this.set('epoch', String(epoch));
      this.set('epochs', JSON.stringify(this.epochs));
      if (instance !== undefined) {
        this.set('boot', instance.boot);
        this.set('place', instance.place);
      }
      if (copied) this.#db.exec("delete from meta where key = 'checkpoint'");
    };
    try {
      this.#transaction(() => undefined);
    } catch (error) {
      // It is saved with the first record of the epoch; before that nothing bears its name.
      if (!isFull(error)) throw error;
    }
  }

  /** Writes all, giving up the oldest records where the budget is used up, or where `makeRoom` asks for it. */
  write(what: Write, makeRoom: boolean): void {
    try {
      this.#write(what, makeRoom ? EVICT : 0);
    } catch (error) {
      if (makeRoom || !isFull(error) || !isAtBudget(this.#db, this.#options.budgetBytes)) throw error;
      this.#write(what, Math.max(EVICT, what.held.length));
    }
  }

  #write({ held, lost, settings }: Write, evict: number): void {
    // What is given up and the record that counts it are one transaction: no crash makes a loss that nobody sees.
    this.#transaction(() => {
      const losses = [lost, this.#evict(evict)].filter((loss) => loss !== null);
      const at = this.#options.now();
      this.#append(losses.map((loss) => ({ draft: this.#gapOf(loss), at })));
      this.#append(held);
      for (const [key, value] of settings) this.set(key, value);
    });
  }

  /** To be called in a transaction. */
  #append(held: readonly Held[]): void {
    if (held.length === 0) return;
    const insert = this.#db.prepare('insert into record (seq, at, body) values (?, ?, ?)');
    for (const { draft, at } of held) {
      this.#seqInTransaction += 1;
      insert.run(this.#seqInTransaction, at, JSON.stringify({ ...draft, seq: this.#seqInTransaction }));
    }
    this.set('lastSeq', String(this.#seqInTransaction));
  }

  /** Deletes the oldest records. */
  #evict(limit: number): Loss | null {
    if (limit === 0) return null;
    const oldest = this.#db
      .prepare(
        `delete from record where seq in
           (select seq from record where body ->> 'reason' is not 'outboxDamaged' order by seq limit ?)
         returning seq, at, body`,
      )
      .all(limit);
    return oldest.reduce<Loss | null>((lost, row) => addLoss(lost, lossOf(row, 'outboxFull')), null);
  }

  read(from: number, limit: number): AgentRecord[] {
    const rows = this.#db
      .prepare('select seq, body from record where seq >= ? order by seq limit ?')
      .all(from, limit);
    const records: AgentRecord[] = [];
    for (const row of rows) {
      const seq = Number(row['seq']);
      const record = agentRecordSchema.safeParse(JSON.parse(String(row['body'])));
      if (!record.success) {
        // Written while the clock was years away, or by another version: it must not hold up all that follow.
        this.#options.log.warn({ err: record.error, seq }, 'a record cannot be sent and is put aside');
        this.bury(seq, record.error.message);
        if (records.length === 0) continue;
        break;
      }
      const previous = records.at(-1)?.seq;
      const goesOn =
        previous === undefined ||
        (seq === previous + 1 && epochAt(this.epochs, previous) === epochAt(this.epochs, seq));
      if (!goesOn) break;
      records.push(record.data);
    }
    return records;
  }

  trim(ranges: readonly (readonly [number, number])[]): number {
    let trimmed = 0;
    this.#transaction(() => {
      const remove = this.#db.prepare('delete from record where seq between ? and ?');
      for (const [first, last] of ranges) trimmed += Number(remove.run(first, last).changes);
    });
    return trimmed;
  }

  bury(seq: number, reason: string): void {
    this.#transaction(() => {
      const row = this.#db.prepare('delete from record where seq = ? returning seq, at, body').get(seq);
      if (row === undefined) return;
      this.#db
        .prepare('insert or replace into buried (seq, reason, body) values (?, ?, ?)')
        .run(seq, reason.slice(0, 500), row['body'] ?? '');
      this.#db
        .prepare('delete from buried where seq not in (select seq from buried order by seq desc limit 100)')
        .run();
      this.#append([{ draft: this.#gapOf(lossOf(row, 'unsendable')), at: this.#options.now() }]);
    });
  }

  /** Places become sequences of the epoch the gap is recorded in; those of an older one cannot be named in it. */
  #gapOf(loss: Loss): RecordDraft {
    const { base } = epochAt(this.epochs, this.#lastSeq + 1);
    if (loss.seqs === null || loss.seqs[1] <= base) return gapOf({ ...loss, seqs: null });
    return gapOf({ ...loss, seqs: [Math.max(1, loss.seqs[0] - base), loss.seqs[1] - base] });
  }

  stats(): { waiting: number; oldest: number | null; lastSeq: number } {
    const row = this.#db.prepare('select count(*) as n, min(at) as oldest from record').get();
    const oldest = row?.['oldest'];
    return {
      waiting: Number(row?.['n'] ?? 0),
      oldest: typeof oldest === 'number' ? oldest : null,
      lastSeq: this.#lastSeq - (this.epochs.at(-1)?.base ?? 0),
    };
  }

  get(key: string): string | null {
    const value = this.#db.prepare('select value from meta where key = ?').get(key)?.['value'];
    return typeof value === 'string' ? value : null;
  }

  set(key: string, value: string): void {
    this.#db.prepare('insert or replace into meta (key, value) values (?, ?)').run(key, value);
  }

  close(): void {
    this.#db.close();
  }

  #transaction(work: () => void): void {
    this.#db.exec('begin immediate');
    try {
      this.#seqInTransaction = this.#lastSeq;
      this.#unsaved?.();
      work();
      this.#db.exec('commit');
      this.#lastSeq = this.#seqInTransaction;
      this.#unsaved = null;
    } catch (error) {
      // A full disk has rolled back already.
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
  }
}

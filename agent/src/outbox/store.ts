import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { agentRecordSchema, type AgentRecord } from '@process-meter/contract';
import type { RecordDraft } from '../session/sample.ts';
import { addLoss, gapOf, lossOf, type Loss } from './loss.ts';

/**
 * The durable outbox: each record stays until the Manager says that it is committed. SQLite in WAL mode with
 * synchronous=FULL: no record that was acknowledged here was lost in 25 rounds of kill -9 (agent.md §7).
 */
export interface Outbox {
  /** Identity of this outbox: sequences count within it. A damaged outbox is replaced by one of a new epoch. */
  epoch: number;
  /** Appends records and saves the checkpoint in one transaction, so that no crash can tear them apart. */
  commit(drafts: readonly RecordDraft[], checkpoint: string, at: number): void;
  /** Records from a sequence on, without holes between them. */
  read(from: number, limit: number): AgentRecord[];
  /** Forgets what is committed in the database of the Manager. */
  trim(ranges: readonly (readonly [number, number])[]): number;
  /** Puts a record aside that can never be sent, and tells of the loss in a record of its own. */
  bury(seq: number, reason: string): void;
  stats(): { waiting: number; oldest: number | null; lastSeq: number };
  /** Number of the next open snapshot; grows over restarts. */
  nextRev(): number;
  get(key: string): string | null;
  set(key: string, value: string): void;
  close(): void;
}
export interface OutboxOptions {
  folder: string;
  /** Size the outbox may reach; beyond it the oldest records are given up and counted. */
  budgetBytes: number;
  now: () => number;
  log: { warn(fields: object, message: string): void };
}

const FILE = 'outbox.sqlite';
const EPOCH_FILE = 'epoch';
const PAGE = 4096;
const FULL = 13;
/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const DAMAGE: ReadonlySet<number> = new Set([11, 26]);
const EVICT = 500;
const REV_BLOCK = 10_000;
const SCHEMA = `
  create table if not exists record (seq integer primary key, at integer not null, body text not null);
  create table if not exists buried (seq integer primary key, reason text not null, body text not null);
  create table if not exists meta (key text primary key, value text not null) without rowid;`;

/** Opens the outbox of a state folder. A damaged file is moved aside, and the loss is a record of the new one. */
export function openOutbox(options: OutboxOptions): Outbox {
  const path = join(options.folder, FILE);
  const existed = existsSync(path);
  try {
    return new SqliteOutbox(openDatabase(path, options.budgetBytes), options);
  } catch (error) {
    // A full disk or a file that is locked for a moment is no damage: the records in it are still good.
    if (!existed || !isDamage(error)) throw error;
    options.log.warn({ err: error }, 'the outbox is damaged; a new one begins');
    setAside(options.folder, options.now());
    const outbox = new SqliteOutbox(openDatabase(path, options.budgetBytes), options);
    const at = options.now();
    outbox.commit([{ kind: 'gap', from: at, to: at, lost: -1, reason: 'outboxDamaged' }], '', at);
    return outbox;
  }
}

function openDatabase(path: string, budgetBytes: number): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 1048576');
    db.exec(`pragma max_page_count = ${Math.max(32, Math.floor(budgetBytes / PAGE))}`);
    const check = db.prepare('pragma quick_check').get();
    if (check?.['quick_check'] !== 'ok') throw new DamageError('quick_check found damage');
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function setAside(folder: string, now: number): void {
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(folder, FILE + suffix);
    if (existsSync(path)) renameSync(path, join(folder, `damaged-${now}-${FILE}${suffix}`));
  }
}

/**
 * A new epoch is later than every one before it, also when the clock was set back: the last one is noted beside the
 * outbox, where it outlives a damaged file.
 */
function newEpoch(folder: string, now: number): number {
  const path = join(folder, EPOCH_FILE);
  const before = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  const epoch = Number.isSafeInteger(before) ? Math.max(now, before + 1) : now;
  writeFileSync(path, String(epoch), { flush: true });
  return epoch;
}

class SqliteOutbox implements Outbox {
  readonly epoch: number;
  readonly #db: DatabaseSync;
  readonly #options: OutboxOptions;
  #lastSeq: number;
  /** Last sequence the running transaction gives out; it is given out when that is committed. */
  #seqInTransaction = 0;
  #rev: number;
  #revLimit = 0;
  /** Records given up since the last gap record. */
  #lost: Loss | null = null;

  constructor(db: DatabaseSync, options: OutboxOptions) {
    this.#db = db;
    this.#options = options;
    this.epoch = Number(this.get('epoch') ?? 0) || newEpoch(options.folder, options.now());
    this.set('epoch', String(this.epoch));
    this.#lastSeq = Number(this.get('lastSeq') ?? 0);
    this.#rev = Number(this.get('revLimit') ?? 0);
  }

  commit(drafts: readonly RecordDraft[], checkpoint: string, at: number): void {
    try {
      this.#commit(drafts, checkpoint, { at, evict: 0 });
    } catch (error) {
      if (!isFull(error)) throw error;
      try {
        this.#commit(drafts, checkpoint, { at, evict: EVICT });
      } catch (again) {
        // The disk itself is full: the records are lost, which is counted and told as soon as there is room.
        if (drafts.length > 0)
          this.#lost = addLoss(this.#lost, {
            count: drafts.length,
            from: at,
            to: at,
            reason: 'diskFailed',
            seqs: null,
          });
        this.#options.log.warn({ err: again, lost: drafts.length }, 'the outbox cannot be written');
      }
    }
  }

  #commit(
    drafts: readonly RecordDraft[],
    checkpoint: string,
    { at, evict }: { at: number; evict: number },
  ): void {
    // What is given up and the record that counts it are one transaction: no crash makes a loss that nobody sees.
    this.#transaction(() => {
      const lost = this.#evict(evict);
      this.#append([...(lost === null ? [] : [gapOf(lost)]), ...drafts], at);
      if (checkpoint !== '') this.set('checkpoint', checkpoint);
    });
    this.#lost = null;
  }

  /** To be called in a transaction. */
  #append(drafts: readonly RecordDraft[], at: number): void {
    let seq = this.#lastSeq;
    const insert = this.#db.prepare('insert into record (seq, at, body) values (?, ?, ?)');
    for (const draft of drafts) {
      seq += 1;
      insert.run(seq, at, JSON.stringify({ ...draft, seq }));
    }
    this.set('lastSeq', String(seq));
    this.#seqInTransaction = seq;
  }

  /** Deletes the oldest records and returns all losses that no gap record counts yet. */
  #evict(limit: number): Loss | null {
    let lost = this.#lost;
    if (limit === 0) return lost;
    const oldest = this.#db
      .prepare(
        `delete from record where seq in
           (select seq from record where body ->> 'reason' is not 'outboxDamaged' order by seq limit ?)
         returning seq, at, body`,
      )
      .all(limit);
    for (const row of oldest) lost = addLoss(lost, lossOf(row, 'outboxFull'));
    return lost;
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
      if (previous !== undefined && seq !== previous + 1) break;
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
      this.#append([gapOf(lossOf(row, 'unsendable'))], this.#options.now());
    });
  }

  stats(): { waiting: number; oldest: number | null; lastSeq: number } {
    const row = this.#db.prepare('select count(*) as n, min(at) as oldest from record').get();
    const oldest = row?.['oldest'];
    return {
      waiting: Number(row?.['n'] ?? 0),
      oldest: typeof oldest === 'number' ? oldest : null,
      lastSeq: this.#lastSeq,
    };
  }

  nextRev(): number {
    this.#rev += 1;
    if (this.#rev >= this.#revLimit) {
      this.#revLimit = this.#rev + REV_BLOCK;
      this.set('revLimit', String(this.#revLimit));
    }
    return this.#rev;
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
      work();
      this.#db.exec('commit');
      this.#lastSeq = this.#seqInTransaction;
    } catch (error) {
      // A full disk has rolled back already.
      if (this.#db.isTransaction) this.#db.exec('rollback');
      throw error;
    }
  }
}

class DamageError extends Error {}

function isDamage(error: unknown): boolean {
  return error instanceof DamageError || DAMAGE.has(resultCode(error));
}

function isFull(error: unknown): boolean {
  return resultCode(error) === FULL;
}

/** Primary result code of SQLite; 0 for any other error. */
function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

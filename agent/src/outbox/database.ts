import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

const FILE = 'outbox.sqlite';
const EPOCH_FILE = 'epoch';
const PAGE = 4096;
const FULL = 13;
/** SQLITE_CORRUPT, SQLITE_NOTADB. */
const DAMAGE: ReadonlySet<number> = new Set([11, 26]);
const SCHEMA = `
  create table if not exists record (seq integer primary key, at integer not null, body text not null);
  create table if not exists buried (seq integer primary key, reason text not null, body text not null);
  create table if not exists meta (key text primary key, value text not null) without rowid;`;

export function hasDatabase(folder: string): boolean {
  return existsSync(join(folder, FILE));
}

/** Opens the database of an outbox and looks at every page of it. @throws what {@link isDamage} knows, or of the disk */
export function openDatabase(folder: string, budgetBytes: number): DatabaseSync {
  const db = new DatabaseSync(join(folder, FILE));
  try {
    db.exec('pragma journal_mode = wal; pragma synchronous = full; pragma journal_size_limit = 1048576');
    db.exec(`pragma max_page_count = ${maxPages(budgetBytes)}`);
    const check = db.prepare('pragma quick_check').get();
    if (check?.['quick_check'] !== 'ok') throw new DamageError('quick_check found damage');
    db.exec(SCHEMA);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

const maxPages = (budgetBytes: number): number => Math.max(32, Math.floor(budgetBytes / PAGE));

/** True when the file has all the pages it may have: it is the budget that is used up, not the disk. */
export function isAtBudget(db: DatabaseSync, budgetBytes: number): boolean {
  const pages = Number(db.prepare('pragma page_count').get()?.['page_count'] ?? 0);
  return pages >= maxPages(budgetBytes) - 2;
}

export function setAside(folder: string, now: number): void {
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(folder, FILE + suffix);
    if (existsSync(path)) renameSync(path, join(folder, `damaged-${now}-${FILE}${suffix}`));
  }
}

/**
 * A new epoch is later than every one before it, also when the clock was set back: the last one is noted beside the
 * outbox, where it outlives a damaged file.
 */
export function newEpoch(folder: string, now: number): number {
  const path = join(folder, EPOCH_FILE);
  const before = existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0;
  const epoch = Number.isSafeInteger(before) ? Math.max(now, before + 1) : now;
  try {
    writeFileSync(path, String(epoch), { flush: true });
  } catch {
    // A full disk. The note matters only if the outbox is damaged and the clock was set back since.
  }
  return epoch;
}

class DamageError extends Error {}

export function isDamage(error: unknown): boolean {
  return error instanceof DamageError || DAMAGE.has(resultCode(error));
}

export function isFull(error: unknown): boolean {
  return resultCode(error) === FULL;
}

/** Primary result code of SQLite; 0 for any other error. */
function resultCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
}

import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { BackupResult } from '@process-meter/contract';
import { migrate, migrateBy, unknownMigrations, type Connection } from '../db/index.ts';
import { readArchive, type ArchiveEntry } from './archive.ts';
import {
  BackupError,
  DIGESTS_ENTRY,
  digestsSchema,
  MANIFEST_ENTRY,
  manifestSchema,
  type Digests,
  type Manifest,
} from './manifest.ts';
import { Measure } from './measure.ts';
import type { StoredBackup } from './place.ts';
import { fillDatabase, isUnused, rememberRestored, type Piece } from './restore-store.ts';
import { resultOf } from './result.ts';

/** An archive as it is read: the manifest first, then pieces, then what must have come. */
class Reading {
  readonly #entries: AsyncGenerator<ArchiveEntry>;
  readonly #takeFile: (name: string, bytes: Uint8Array) => void;
  readonly #hashes = new Map<string, { hash: ReturnType<typeof createHash>; bytes: number }>();
  #digests: Digests | undefined;

  constructor(entries: AsyncGenerator<ArchiveEntry>, takeFile: (name: string, bytes: Uint8Array) => void) {
    this.#entries = entries;
    this.#takeFile = takeFile;
  }

  async manifest(): Promise<Manifest> {
    const { value } = await this.#entries.next();
    const entry: ArchiveEntry | undefined = value;
    if (entry?.name !== MANIFEST_ENTRY) throw new BackupError('this is not a backup of Process Meter');
    const parsed = manifestSchema.safeParse(jsonOf(entry));
    if (!parsed.success) throw new BackupError('its manifest is not one that this version can read');
    return parsed.data;
  }

  /** Pieces of rows, in the order they were written. Afterwards all digests are checked. */
  async *pieces(): AsyncGenerator<Piece> {
    for await (const entry of this.#entries) {
      const [kind, name = ''] = splitName(entry.name);
      this.#count(kind, name, entry.bytes);
      if (kind === 'tables') yield { table: name, bytes: entry.bytes };
      else if (kind === 'files') this.#takeFile(name, entry.bytes);
      else if (entry.name === DIGESTS_ENTRY) this.#digests = digestsSchema.parse(jsonOf(entry));
    }
    this.#expectWhole();
  }

  digests(): Digests {
    if (this.#digests === undefined) throw new BackupError('the backup is not whole: it has no end');
    return this.#digests;
  }

  #count(kind: string, name: string, bytes: Uint8Array): void {
    if (kind !== 'tables' && kind !== 'files') return;
    const key = `${kind}/${name}`;
    const known = this.#hashes.get(key) ?? { hash: createHash('sha256'), bytes: 0 };
    known.hash.update(bytes);
    this.#hashes.set(key, { hash: known.hash, bytes: known.bytes + bytes.length });
  }

  #expectWhole(): void {
    const { tables, files } = this.digests();
    for (const [kind, all] of Object.entries({ tables, files }))
      for (const [name, { sha256, bytes }] of Object.entries(all)) {
        const found = this.#hashes.get(`${kind}/${name}`);
        if (found?.bytes !== bytes || found.hash.digest('hex') !== sha256)
          throw new BackupError(`${kind}/${name} is not what was written`);
      }
  }
}

const jsonOf = ({ bytes }: ArchiveEntry): unknown => JSON.parse(Buffer.from(bytes).toString('utf8'));

/** `tables/segment/000001` is of the table `segment`; `files/a/b` is the file `a/b`. */
function splitName(entry: string): [string, string | undefined] {
  const [kind = '', ...rest] = entry.split('/');
  return kind === 'tables' ? [kind, rest[0]] : [kind, rest.join('/')];
}

/** Reads a backup to its end. @throws BackupError when a byte of it is not what was written */
export async function verifyBackup(
  stored: StoredBackup,
  identity: string | undefined,
): Promise<BackupResult> {
  const measure = new Measure();
  const reading = new Reading(readArchive(stored, identity, measure), () => undefined);
  const manifest = await reading.manifest();
  for await (const _piece of reading.pieces());
  return resultOf(stored.location, measure.measured(), { manifest, digests: reading.digests() });
}

export interface RestoreOptions {
  stored: StoredBackup;
  identity: string | undefined;
  /** Folder for the files that went with the backup; without one they are left out. */
  filesDir: string | undefined;
}

/**
 * Makes an unused database the one that was backed up, and brings it to the schema of this version.
 * @throws BackupError when the database is in use, the backup of a newer version, or not whole
 */
export async function restoreBackup(
  { pool, db }: Connection,
  options: RestoreOptions,
): Promise<BackupResult> {
  if (!(await isUnused(pool)))
    throw new BackupError('the database is in use: a backup is restored into an empty one');
  const { stored, identity, filesDir } = options;
  const measure = new Measure();
  const reading = new Reading(readArchive(stored, identity, measure), (name, bytes) => {
    if (filesDir !== undefined) writeInside(filesDir, name, bytes);
  });
  const manifest = await reading.manifest();
  const unknown = unknownMigrations(manifest.migrations);
  if (unknown.length > 0)
    throw new BackupError(`the backup is of a newer version: its schema has ${unknown.join(', ')}`);
  await migrateBy(db, manifest.migrations);
  await fillDatabase(pool, manifest, reading.pieces(), () => reading.digests().tables);
  await migrate(db);
  await rememberRestored(pool, manifest.asOf);
  return resultOf(stored.location, measure.measured(), { manifest, digests: reading.digests() });
}

function writeInside(dir: string, name: string, bytes: Uint8Array): void {
  if (name === '' || normalize(`/${name}`) !== `/${name}`)
    throw new BackupError(`a file in the backup has a name that leads elsewhere: ${name}`);
  const path = join(dir, name);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, bytes, { mode: 0o600, flag: 'wx' });
}

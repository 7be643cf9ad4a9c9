import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Pool } from 'pg';
import { writeArchive, type ArchiveWriter } from './archive.ts';
import { readDatabase } from './dump-store.ts';
import { BackupError, DIGESTS_ENTRY, MANIFEST_ENTRY, type Digests, type Manifest } from './manifest.ts';

export interface BackupOptions {
  pool: Pool;
  /** Folder for the archive. */
  dir: string;
  /** Public keys; none: the archive can be read by everybody. */
  recipients: readonly string[];
  /** Folder whose files go with it, such as the keys of an installation. */
  filesDir: string | undefined;
  /** Called for each table, before it is read. */
  onTable?: (table: string) => void;
}

export interface BackupMade {
  file: string;
  bytes: number;
  tables: number;
  rows: number;
  asOf: string;
}

const NAME = /^process-meter-\d{8}T\d{6}Z\.tar\.zst(\.age)?$/;
const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

/**
 * Writes a backup of the database as of one instant. The file has its name only once it is whole and on the disk.
 * @throws BackupError when the folder is missing
 */
export async function createBackup(options: BackupOptions): Promise<BackupMade> {
  const { dir, recipients } = options;
  if (!existsSync(dir)) throw new BackupError(`${dir} does not exist`);
  const part = join(dir, `.process-meter-${process.pid}.part`);
  rmSync(part, { force: true });
  try {
    const { bytes, filled } = await writeArchive(part, recipients, (archive) => fill(archive, options));
    const { asOf, tables } = filled.shape;
    const file = join(dir, nameOf(asOf, recipients.length > 0));
    renameSync(part, file);
    const rows = Object.values(filled.digests.tables).reduce((sum, digest) => sum + digest.rows, 0);
    return { file, bytes, tables: tables.length, rows, asOf };
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
}

function nameOf(asOf: string, isSealed: boolean): string {
  const stamp = asOf.replaceAll(/[-:]|\.\d+/g, '');
  return `process-meter-${stamp}.tar.zst${isSealed ? '.age' : ''}`;
}

async function fill(
  archive: ArchiveWriter,
  { pool, filesDir, onTable }: BackupOptions,
): Promise<{ shape: Manifest; digests: Digests }> {
  let shape: Manifest | undefined;
  const tables = await readDatabase(
    pool,
    async (found) => {
      shape = found;
      await archive.entry(MANIFEST_ENTRY, json(found));
    },
    async ({ name }, piece, index) => {
      if (index === 1) onTable?.(name);
      await archive.entry(`tables/${name}/${String(index).padStart(6, '0')}`, piece);
    },
  );
  const files = filesDir === undefined ? {} : await addFiles(archive, filesDir);
  await archive.entry(DIGESTS_ENTRY, json({ tables, files }));
  if (shape === undefined) throw new BackupError('the database told nothing of itself');
  return { shape, digests: { tables, files } };
}

async function addFiles(archive: ArchiveWriter, dir: string): Promise<Digests['files']> {
  const digests: Digests['files'] = {};
  const found = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const entry of found) {
    const path = join(entry.parentPath, entry.name);
    const bytes = readFileSync(path);
    const name = relative(dir, path);
    digests[name] = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    await archive.entry(`files/${name}`, bytes);
  }
  return digests;
}

/** Removes all but the newest backups of a folder. @returns the files that went */
export function keepNewest(dir: string, count: number): string[] {
  const files = readdirSync(dir).filter((name) => NAME.test(name) && statSync(join(dir, name)).isFile());
  const old = files.toSorted().toReversed().slice(count);
  for (const name of old) rmSync(join(dir, name));
  return old.map((name) => join(dir, name));
}

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { BackupResult } from '@process-meter/contract';
import type { Pool } from 'pg';
import { writeArchive, type ArchiveWriter } from './archive.ts';
import { readDatabase } from './dump-store.ts';
import { BackupError, DIGESTS_ENTRY, MANIFEST_ENTRY, type Digests, type Manifest } from './manifest.ts';
import { isBackupName, type Place } from './place.ts';
import { resultOf, type Contents } from './result.ts';

export interface BackupOptions {
  pool: Pool;
  place: Place;
  /** Public keys; none: the archive can be read by everybody. */
  recipients: readonly string[];
  /** Folder whose files go with it, such as the keys of an installation. */
  filesDir: string | undefined;
  /** Called for each table, before it is read. */
  onTable?: (table: string) => void;
  /** Aborted when it has to end early. */
  stop?: AbortSignal;
}

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 2)}\n`);

/** Writes a backup of the database as of one instant. It has its name only once it is whole. */
export async function createBackup(options: BackupOptions): Promise<BackupResult> {
  const { place, recipients } = options;
  const name = Promise.withResolvers<string>();
  // What fails before anybody waits for the name is told by the filling.
  name.promise.catch(() => undefined);
  const { location, filled, ...file } = await writeArchive(
    recipients,
    async (archive) => {
      try {
        return await fill(archive, options, name.resolve);
      } catch (error) {
        name.reject(error);
        throw error;
      }
    },
    (content) => place.put(content, name.promise),
    options.stop,
  );
  return resultOf(location, file, filled);
}

function nameOf(asOf: string, isSealed: boolean): string {
  const stamp = asOf.replaceAll(/[-:]|\.\d+/g, '');
  return `process-meter-${stamp}.tar.zst${isSealed ? '.age' : ''}`;
}

async function fill(
  archive: ArchiveWriter,
  { pool, recipients, filesDir, onTable }: BackupOptions,
  tellName: (name: string) => void,
): Promise<Contents> {
  let manifest: Manifest | undefined;
  const tables = await readDatabase(
    pool,
    async (found) => {
      manifest = found;
      tellName(nameOf(found.asOf, recipients.length > 0));
      await archive.entry(MANIFEST_ENTRY, json(found));
    },
    async ({ name }, piece, index) => {
      if (index === 1) onTable?.(name);
      await archive.entry(`tables/${name}/${String(index).padStart(6, '0')}`, piece);
    },
  );
  const files = filesDir === undefined ? {} : await addFiles(archive, filesDir);
  await archive.entry(DIGESTS_ENTRY, json({ tables, files }));
  if (manifest === undefined) throw new BackupError('the database told nothing of itself');
  return { manifest, digests: { tables, files } };
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

/** Removes all but the newest backups of a place. @returns where those were that went */
export async function keepNewest(place: Place, count: number): Promise<string[]> {
  const backups = (await place.names()).filter(isBackupName);
  const gone: string[] = [];
  for (const name of backups.toSorted().toReversed().slice(count)) gone.push(await place.remove(name));
  return gone;
}

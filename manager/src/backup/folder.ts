import {
  createReadStream,
  createWriteStream,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BackupError } from './manifest.ts';
import type { Place, StoredBackup } from './place.ts';

/** What is written; the number is that of the process. */
const PART = /^\.process-meter-\d+\.part$/;

/** Backups as files of a folder. @throws BackupError when it is not there */
export function folderPlace(dir: string): Place {
  if (!existsSync(dir)) throw new BackupError(`${dir} does not exist`);
  return {
    async put(content, name) {
      const part = join(dir, `.process-meter-${process.pid}.part`);
      rmSync(part, { force: true });
      try {
        await pipeline(content, createWriteStream(part, { mode: 0o600, flags: 'wx', flush: true }));
        const file = join(dir, await name);
        renameSync(part, file);
        return file;
      } catch (error) {
        rmSync(part, { force: true });
        throw error;
      }
    },
    names() {
      const files = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isFile());
      return Promise.resolve(files.map((entry) => entry.name));
    },
    remove(name) {
      const file = join(dir, name);
      rmSync(file);
      return Promise.resolve(file);
    },
    tidy(before) {
      const left = readdirSync(dir)
        .filter((name) => PART.test(name))
        .map((name) => join(dir, name))
        .filter((file) => statSync(file).mtime < before);
      for (const file of left) rmSync(file, { force: true });
      return Promise.resolve(left);
    },
  };
}

export function storedFile(file: string): StoredBackup {
  return { location: file, content: () => bytesOf(file) };
}

async function* bytesOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file) as AsyncIterable<Uint8Array>;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackupError(`${file} cannot be read: ${reason}`, { cause: error });
  }
}

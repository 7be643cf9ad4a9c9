import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Folder for what is expensive to make and can always be made again. For root it lies outside the home folder,
 * because the database server runs as another user and must be able to read its binaries.
 */
export function cacheDir(...parts: string[]): string {
  const base =
    process.getuid?.() === 0 ? '/var/cache/process-meter' : join(homedir(), '.cache', 'process-meter');
  const dir = join(base, ...parts);
  mkdirSync(dir, { recursive: true });
  return dir;
}

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');

/** What the build is made of, below the root. */
const SOURCES = [
  'pnpm-lock.yaml',
  'contract/src',
  'portal/scripts',
  'portal/server.ts',
  'portal/src',
  'portal/static',
  'portal/vite.config.ts',
];

/**
 * Version by which browsers see that the portal is another one: of its sources, and not of the time, so that two builds
 * are the same, byte by byte, wherever they lie.
 */
export function sourceVersion(root = ROOT): string {
  const hash = createHash('sha256');
  for (const file of SOURCES.flatMap((path) => filesOf(root, path)).toSorted())
    hash.update(`${file}\0`).update(
      createHash('sha256')
        .update(readFileSync(join(root, file)))
        .digest(),
    );
  return hash.digest('hex').slice(0, 16);
}

function filesOf(root: string, path: string): string[] {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1));
}

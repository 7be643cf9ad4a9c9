import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Hash of everything that goes into the build. It is the version of the portal, by which browsers see that it is another
 * one: not of the time, so that two builds are the same, byte by byte, wherever they lie. And it names a kept build.
 * Plain JavaScript: the set-up asks before anything is installed.
 * @param {string} root folder of the repository
 * @returns {string} 24 hex digits
 */
export function sourcesHash(root = ROOT) {
  const portal = join(root, 'portal');
  const inputs = [
    ...['pnpm-lock.yaml', 'package.json', 'tsconfig.base.json'].map((name) => join(root, name)),
    ...['src', 'static', 'scripts'].flatMap((name) => filesUnder(join(portal, name))),
    ...readdirSync(portal, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(portal, entry.name)),
    ...filesUnder(join(root, 'contract', 'src')),
  ];
  const hash = createHash('sha256');
  for (const file of inputs.sort((a, b) => (a < b ? -1 : 1))) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 24);
}

/**
 * @param {string} dir
 * @returns {string[]}
 */
function filesUnder(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(dir, entry.name)) : [join(dir, entry.name)],
  );
}

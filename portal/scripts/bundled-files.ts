import { existsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Plugin } from 'vite';

const ROOT = join(import.meta.dirname, '..', '..');
const BUILD = join(import.meta.dirname, '..', 'build');

/**
 * Remembers which files of packages went into the build, into pages and server, and writes them beside it: a bill of
 * materials must not forget what has no package.json any more.
 */
export function bundledFiles(): Plugin {
  return {
    name: 'bundled-files',
    generateBundle(_options, bundle) {
      for (const file of Object.values(bundle))
        for (const path of file.type === 'chunk' ? file.moduleIds : file.originalFileNames) remember(path);
    },
    buildApp: {
      order: 'post',
      // When everything is built and adapted.
      handler() {
        write();
        return Promise.resolve();
      },
    },
  };
}

function write(): void {
  writeFileSync(join(BUILD, 'bundled-files.json'), `${JSON.stringify([...found].toSorted(), null, 2)}\n`);
}

/** Of all environments of one build: each has a plug-in of its own. */
const found = new Set<string>();

function remember(id: string): void {
  // Rolldown marks modules that it made of others: `\0name?query`.
  const path = join(ROOT, relative(ROOT, id.replace(/^\0/, '').replace(/\?.*$/, '')));
  if (path.includes('/node_modules/') && existsSync(path)) found.add(relative(ROOT, path));
}

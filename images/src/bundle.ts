import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { z } from 'zod';

/** A package that is part of a bundle. */
export interface BundledPackage {
  name: string;
  version: string;
  licence: string;
  /** Text of its licence, where the package holds one. */
  licenceText: string | undefined;
}

/**
 * Bundles programs of a service into one folder of plain JavaScript: a file for each, and what they share.
 * @param input path of the source by the name of the program
 * @returns the packages that went into them, by name
 */
export async function bundle(input: Record<string, string>, folder: string): Promise<BundledPackage[]> {
  const build = await rolldown({ input, platform: 'node', logLevel: 'warn' });
  try {
    const { output } = await build.write({
      dir: folder,
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: 'shared-[hash].js',
    });
    return packagesOf(output.flatMap((file) => (file.type === 'chunk' ? file.moduleIds : [])));
  } finally {
    await build.close();
  }
}

/** The packages that files are of; our own sources are of none. */
export function packagesOf(files: readonly string[]): BundledPackage[] {
  const roots = new Set(files.filter((file) => file.includes('/node_modules/')).map(rootOf));
  return merged([...roots].map(readPackage));
}

/** Each package once, by name. */
export function merged(...lists: readonly (readonly BundledPackage[])[]): BundledPackage[] {
  const byName = new Map(lists.flat().map((found) => [`${found.name}@${found.version}`, found]));
  return [...byName.values()].toSorted((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const packageSchema = z.object({
  name: z.string(),
  version: z.string(),
  license: z.union([z.string(), z.object({ type: z.string() }).transform(({ type }) => type)]),
});

/** Folder of the package: the nearest one with a `package.json` that has a name and a version. */
function rootOf(file: string): string {
  // Rolldown marks modules that it made of others: `\0name?query`.
  let folder = dirname(file.replace(/^\0/, '').replace(/\?.*$/, ''));
  while (!isPackage(folder)) {
    const above = dirname(folder);
    if (above === folder) throw new Error(`no package.json above ${file}`);
    folder = above;
  }
  return folder;
}

function isPackage(folder: string): boolean {
  const file = join(folder, 'package.json');
  return existsSync(file) && packageSchema.safeParse(JSON.parse(readFileSync(file, 'utf8'))).success;
}

const LICENCE_FILES = ['LICENSE', 'LICENSE.md', 'LICENSE.txt', 'license', 'LICENCE', 'License.md'];

function readPackage(folder: string): BundledPackage {
  const { name, version, license } = packageSchema.parse(
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  );
  const file = LICENCE_FILES.map((found) => join(folder, found)).find((path) => existsSync(path));
  const licenceText = file === undefined ? undefined : readFileSync(file, 'utf8');
  return { name, version, licence: license, licenceText };
}

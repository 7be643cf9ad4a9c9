import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { servicePlans } from './images.ts';
import { VERSION } from './version.ts';

const [to] = process.argv.slice(2);
if (to === undefined) {
  process.stderr.write(
    'Usage: node images/src/bundles.ts FOLDER\n\nWrites what each image holds in /app, for a Dockerfile.\n',
  );
  process.exitCode = 2;
} else {
  for (const { name, parts } of servicePlans(VERSION)) {
    const folder = join(resolve(to), name);
    mkdirSync(folder, { recursive: true });
    await parts.at(-1)?.fill(folder);
  }
}

import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';
import { alone } from './build-lock.mjs';
import { root, run } from './commands.mjs';

const portal = join(root, 'portal');
const built = join(portal, 'build');
/** In the build: the hash of what it was made from, and a mark once its size was found within the budget. */
const STAMP = '.made-from';
const MEASURED = '.within-budget';
const cache = join(homedir(), '.cache', 'process-meter', 'portal');
const KEPT = 5;

/**
 * Brings `portal/build` to what the sources say: already there, out of the cache, or built now. The cache is by the
 * content of everything that goes in, so it can be removed at any time.
 * @param {{ env: Record<string, string>, node: string }} tools
 * @param {{ budget: boolean }} wanted `budget`: the build must have been measured against its size budget
 * @returns {Promise<{ code: number, output: string, from: 'there' | 'cache' | 'built' }>}
 */
export function buildPortal(tools, { budget }) {
  return alone(() => bringPortal(tools, budget));
}

async function bringPortal(tools, budget) {
  const hash = sourcesHash();
  const current = (dir) =>
    existsSync(join(dir, STAMP)) &&
    readFileSync(join(dir, STAMP), 'utf8') === hash &&
    (!budget || existsSync(join(dir, MEASURED)));
  if (current(built)) return { code: 0, output: 'the build is current\n', from: 'there' };
  const kept = join(cache, hash);
  if (current(kept)) {
    rmSync(built, { recursive: true, force: true });
    cpSync(kept, built, { recursive: true });
    return { code: 0, output: 'the build is from the cache\n', from: 'cache' };
  }
  const made = await build(tools, budget);
  // Built from what was there at the start; a file changed meanwhile would make the stamp a lie.
  if (made.code === 0 && sourcesHash() === hash) {
    if (budget) writeFileSync(join(built, MEASURED), '');
    writeFileSync(join(built, STAMP), hash);
    keep(kept);
  }
  return { ...made, from: 'built' };
}

async function build({ env, node }, budget) {
  const made = await run('pnpm', ['exec', 'vite', 'build', '--logLevel', 'warn'], { cwd: portal, env });
  if (made.code !== 0 || !budget) return made;
  // The script measures what the build leaves beside its result, so it runs right after it.
  return run(node, [join('scripts', 'check-budget.ts')], { cwd: portal, env });
}

function keep(kept) {
  mkdirSync(cache, { recursive: true });
  const making = `${kept}.${process.pid}`;
  cpSync(built, making, { recursive: true });
  rmSync(kept, { recursive: true, force: true });
  renameSync(making, kept);
  const byAge = readdirSync(cache)
    .map((name) => ({ path: join(cache, name), at: lstatSync(join(cache, name)).mtimeMs }))
    .sort((a, b) => b.at - a.at);
  for (const { path } of byAge.slice(KEPT)) rmSync(path, { recursive: true, force: true });
}

function sourcesHash() {
  const hash = createHash('sha256');
  const inputs = [
    ...['pnpm-lock.yaml', 'package.json', 'tsconfig.base.json'].map((name) => join(root, name)),
    ...['src', 'static', 'scripts'].flatMap((name) => filesUnder(join(portal, name))),
    ...readdirSync(portal, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(portal, entry.name)),
    ...filesUnder(join(root, 'contract', 'src')),
  ];
  for (const file of inputs.sort((a, b) => (a < b ? -1 : 1))) {
    hash
      .update(`${relative(root, file)}\0`)
      .update(readFileSync(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 24);
}

function filesUnder(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesUnder(join(dir, entry.name)) : [join(dir, entry.name)],
  );
}

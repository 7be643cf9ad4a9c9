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
import { join } from 'node:path';
import { sourcesHash } from '../../portal/scripts/sources.mjs';
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

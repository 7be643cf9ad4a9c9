import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { mustRun, root, say, SetupError, since } from './commands.mjs';

const NODE = '24.21.0';
const PNPM = '12.21.0';

/**
 * The Node and pnpm this project is built with, out of their npm packages, made once in the cache.
 * @returns {Promise<{ node: string, pnpm: string, env: Record<string, string> }>} `env` puts both first on PATH
 */
export async function ensureTools() {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch))
    throw new SetupError(
      `the appliance runs on Linux on x64 or arm64, not on ${process.platform} ${process.arch}`,
    );
  const packages = [`node-linux-${process.arch}@${NODE}`, `pnpm@${PNPM}`];
  const hash = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
  const home = join(homedir(), '.cache', 'process-meter', `tools-${hash}`);
  const modules = join(home, 'node_modules');
  const nodeBin = join(modules, `node-linux-${process.arch}`, 'bin');
  const tools = { node: join(nodeBin, 'node'), pnpm: join(modules, '.bin', 'pnpm') };
  if (!existsSync(tools.node) || !existsSync(tools.pnpm)) await install(packages, home);
  if (!existsSync(tools.node) || !existsSync(tools.pnpm))
    throw new SetupError(
      `the npm packages ${packages.join(' and ')} did not bring node and pnpm into ${home}`,
    );
  return {
    ...tools,
    env: { PATH: [nodeBin, join(modules, '.bin'), process.env.PATH].join(delimiter) },
  };
}

async function install(packages, home) {
  const start = Date.now();
  say(`fetching Node ${NODE} and pnpm ${PNPM} (once)`);
  const making = `${home}.${process.pid}`;
  mkdirSync(making, { recursive: true });
  await mustRun(
    'fetching Node and pnpm',
    'npm',
    ['install', '--prefix', making, '--ignore-scripts', '--no-audit', '--no-fund', '--no-save', ...packages],
    { cwd: making },
  );
  rmSync(home, { recursive: true, force: true });
  try {
    renameSync(making, home);
  } catch (error) {
    // Another set-up at the same time was faster; its copy is the same.
    if (!existsSync(home)) throw error;
    rmSync(making, { recursive: true, force: true });
  }
  say(`Node and pnpm fetched in ${since(start)}`);
}

/** Brings node_modules to what the lock file says. About a second when it already is. */
export async function ensureDependencies(tools) {
  const start = Date.now();
  const first = !existsSync(join(root, 'node_modules', '.modules.yaml'));
  if (first) say('installing the npm dependencies of the lock file (once)');
  await mustRun('installing the npm dependencies', tools.pnpm, ['install', '--frozen-lockfile'], {
    env: { ...tools.env, CI: 'true' },
  });
  if (first) say(`npm dependencies installed in ${since(start)}`);
}

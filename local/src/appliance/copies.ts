import { cpSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startPostgres } from '../postgres.ts';
import { supervise } from '../supervised.ts';
import { defaultDataDir } from './options.ts';
import { lockState, openState, resetState, runningUrl, type State } from './state.ts';

export interface CopyOptions {
  dataDir: string;
  from: string | undefined;
  to: string | undefined;
  key: string | undefined;
  keep: string | undefined;
  help: boolean;
}

type Say = (line: string) => void;

const MANAGER = fileURLToPath(new URL('../../../manager/src/cli.ts', import.meta.url));
const DATABASE = 'processmeter';
/** What agents trust and what the administrator signs in with: without them the rows are of no use. */
const KEPT_FILES = ['secrets', 'admin-password'];

const isBucket = (place: string): boolean => place.startsWith('s3://');
const placeOf = (given: string): string => (isBucket(given) ? given : resolve(given));

/** Reads the command line. @throws Error that names what is wrong */
export function readCopyOptions(args: readonly string[], isRoot: boolean): CopyOptions {
  const string = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: string,
      from: string,
      to: string,
      key: string,
      keep: string,
      help: { type: 'boolean', short: 'h' },
    },
  });
  return {
    dataDir: resolve(values.data ?? defaultDataDir(isRoot)),
    from: values.from,
    to: values.to,
    key: values.key,
    keep: values.keep,
    help: values.help ?? false,
  };
}

/** Backs up the appliance of a data folder, which may run. @returns the exit code */
export async function backUp(options: CopyOptions, say: Say): Promise<number> {
  const { dataDir } = options;
  if (!existsSync(join(dataDir, 'postgres')))
    throw new Error(`there is no appliance in ${dataDir}; give its folder with --data`);
  const key = resolve(options.key ?? join(dataDir, 'backup.key'));
  if (!existsSync(key)) {
    const code = await manager(['backup', 'key', '--out', key]);
    if (code !== 0) return code;
  }
  const to = placeOf(options.to ?? join(dataDir, 'backups'));
  if (!isBucket(to)) mkdirSync(to, { recursive: true, mode: 0o700 });
  const files = mkdtempSync(join(tmpdir(), 'pm-files-'));
  try {
    for (const name of KEPT_FILES) cpSync(join(dataDir, name), join(files, name), { recursive: true });
    const keep = options.keep === undefined ? [] : ['--keep', options.keep];
    const args = ['backup', 'create', '--to', to, '--for', key, '--files', files, ...keep];
    const code = await withDatabase(dataDir, (url) => manager(args, url));
    if (code === 0) say(`backed up; it can be read with the key in ${key} only`);
    return code;
  } finally {
    rmSync(files, { recursive: true });
  }
}

/** Makes a new data folder of a backup. When that fails, nothing of it stays. @returns the exit code */
export async function bringBack({ dataDir, from, key }: CopyOptions, say: Say): Promise<number> {
  if (from === undefined || key === undefined) throw new Error('--from and --key are needed');
  if (existsSync(join(dataDir, 'postgres')) || existsSync(join(dataDir, 'secrets')))
    throw new Error(`${dataDir} is the folder of an appliance already; give an empty one with --data`);
  const lock = lockState(dataDir);
  try {
    const state = openState(dataDir);
    rmSync(state.secrets, { recursive: true });
    const code = await fill(state, { from: placeOf(from), key: resolve(key) }).catch((error: unknown) => {
      resetState(dataDir);
      throw error;
    });
    if (code === 0) say(`restored into ${dataDir}; npm start -- --data ${dataDir} goes on from there`);
    else resetState(dataDir);
    return code;
  } finally {
    lock.release();
  }
}

async function fill(state: State, { from, key }: { from: string; key: string }): Promise<number> {
  const files = mkdtempSync(join(state.dir, '.restored-'));
  const server = await startPostgres({ dataDir: state.postgres, database: DATABASE });
  try {
    const args = ['backup', 'restore', '--from', from, '--key', key, '--files-to', files];
    const code = await manager(args, server.url);
    if (code === 0) for (const name of KEPT_FILES) renameSync(join(files, name), join(state.dir, name));
    return code;
  } finally {
    await server.stop();
    rmSync(files, { recursive: true });
  }
}

/** The database of a running appliance, or one that is started for the time. */
async function withDatabase(dataDir: string, work: (url: string) => Promise<number>): Promise<number> {
  const running = runningUrl(dataDir, DATABASE);
  if (running !== undefined) return work(running);
  const lock = lockState(dataDir);
  const server = await startPostgres({ dataDir: join(dataDir, 'postgres'), database: DATABASE });
  try {
    return await work(server.url);
  } finally {
    await server.stop();
    lock.release();
  }
}

/** Runs the Manager's command line with the terminal of this one. @returns its exit code */
async function manager(args: readonly string[], databaseUrl?: string): Promise<number> {
  const child = await supervise(process.execPath, [MANAGER, ...args], {
    env: {
      ...process.env,
      NODE_NO_WARNINGS: '1',
      ...(databaseUrl === undefined ? {} : { PM_DATABASE_URL: databaseUrl }),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  return (await child.ended).code ?? 1;
}

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import { postgresBinaries } from './postgres-binaries.ts';
import { supervise } from './supervised.ts';
import { giveTo, unprivilegedUser, type RunAs } from './unprivileged.ts';

export interface LocalPostgres {
  /** Resolves when the server has ended, for whatever reason. */
  ended: Promise<unknown>;
  /** `postgres://…` of the database asked for, over loopback. */
  url: string;
  port: number;
  pid: number;
  dataDir: string;
  /** Fast shutdown: sessions are ended, everything committed stays. A temporary data folder is removed. */
  stop(): Promise<void>;
  /** A crash: `immediate` is PostgreSQL's own abort, `kill` is SIGKILL of every process of the server. */
  kill(mode: 'immediate' | 'kill'): Promise<void>;
}

const USER = 'processmeter';

/** Starts a real PostgreSQL server. Without `dataDir` its data is temporary. Safe to call again on the same folder. */
export async function startPostgres(
  options: { dataDir?: string; port?: number; database?: string } = {},
): Promise<LocalPostgres> {
  const native = postgresBinaries();
  const runAs = unprivilegedUser();
  const temporary = options.dataDir === undefined ? mkdtempSync(join(tmpdir(), 'pm-postgres-')) : undefined;
  const home = options.dataDir ?? join(temporary ?? tmpdir(), 'data');
  if (temporary !== undefined) chmodSync(temporary, 0o755);
  const password = prepare(native, home, runAs);
  const database = options.database ?? 'postgres';
  makeDatabase({ native, home, runAs, database });
  const port = options.port ?? (await freePort());
  const server = await supervise(join(native, 'bin', 'postgres'), serverArguments(home, port), {
    ...runAs,
    cwd: home,
    stopSignal: 'INT',
    stdio: ['ignore', 'ignore', 'ignore'],
  });
  await answering(port, server.ended);
  const clean = (): void => {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
  };
  return {
    url: `postgres://${USER}:${password}@127.0.0.1:${port}/${database}`,
    port,
    ended: server.ended,
    pid: server.pid,
    dataDir: home,
    async stop() {
      await server.stop('SIGINT');
      clean();
    },
    async kill(mode) {
      if (mode === 'kill') execFileSync('pkill', ['-9', '-P', String(server.pid)], { stdio: 'ignore' });
      await server.kill(mode === 'kill' ? 'SIGKILL' : 'SIGQUIT');
    },
  };
}

function serverArguments(home: string, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '256MB',
    max_wal_size: '2GB',
    jit: 'off',
    timezone: 'UTC',
    logging_collector: 'on',
    log_directory: 'log',
    log_filename: 'postgresql-%a.log',
    log_truncate_on_rotation: 'on',
  };
  return ['-D', home, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
}

/** Makes the database cluster once. Returns the password of its owner, which is kept beside the data, 0600. */
function prepare(native: string, home: string, runAs: RunAs | undefined): string {
  const passwordFile = `${home}.password`;
  if (existsSync(join(home, 'PG_VERSION'))) {
    removeStalePid(home);
    return readFileSync(passwordFile, 'utf8').trim();
  }
  mkdirSync(home, { recursive: true, mode: 0o700 });
  giveTo(runAs, home);
  const password = crypto.randomUUID();
  writeFileSync(passwordFile, password, { mode: 0o600 });
  giveTo(runAs, passwordFile);
  execFileSync(
    join(native, 'bin', 'initdb'),
    [
      '-D',
      home,
      '-U',
      USER,
      '-A',
      'scram-sha-256',
      `--pwfile=${passwordFile}`,
      '-E',
      'UTF8',
      '--locale=C',
      '-k',
    ],
    { ...runAs, cwd: home, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  return password;
}

/**
 * Makes a database before the server starts, in PostgreSQL's single-user mode (the package brings no client). A
 * second attempt after one that was cut off only prints that the database is there.
 */
function makeDatabase(where: {
  native: string;
  home: string;
  runAs: RunAs | undefined;
  database: string;
}): void {
  const { native, home, runAs, database } = where;
  const marker = `${home}.${database}`;
  if (database === 'postgres' || existsSync(marker)) return;
  execFileSync(join(native, 'bin', 'postgres'), ['--single', '-D', home, 'postgres'], {
    ...runAs,
    cwd: home,
    input: `CREATE DATABASE "${database}"\n`,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  writeFileSync(marker, '', { mode: 0o600 });
}

/** After a kill -9 the pid file stays; its pid may meanwhile belong to a stranger, and the server would not start. */
function removeStalePid(home: string): void {
  const file = join(home, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  const command = existsSync(`/proc/${pid}/cmdline`) ? readFileSync(`/proc/${pid}/cmdline`, 'utf8') : '';
  if (!command.includes(home)) rmSync(file);
}

async function answering(port: number, ended: Promise<{ code: number | null }>): Promise<void> {
  let over = false;
  void ended.then(() => (over = true));
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (over) throw new Error('PostgreSQL ended while starting; see the folder log/ in its data folder');
    if (await accepts(port)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('PostgreSQL does not answer after 30 s');
}

/** PostgreSQL listens before it is ready: an SSL request is answered by one byte only when it is. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (ok: boolean): void => {
      socket.destroy();
      resolve(ok);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('connect', () => socket.write(startupProbe()));
    socket.once('data', (answer: Buffer) => done(!answer.includes('57P03')));
    socket.once('close', () => done(false));
  });
}

/** A start-up message of an unknown user: a ready server asks for a password, one that recovers says 57P03. */
function startupProbe(): Buffer {
  const body = Buffer.from('user\0probe\0database\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, body]);
}

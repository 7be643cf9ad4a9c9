import { spawn } from 'node:child_process';
import { closeSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, supervise, type Supervised } from '@process-meter/local';
import { runCommand } from './command.ts';
import type { Isolation } from './lab.ts';
import { enterNamespaces } from './namespaces.ts';
import { childrenOf, signal } from './processes.ts';
import { makeRunFolder, removeLeft } from './run-folder.ts';
import { pause } from './wait.ts';

const STOP_GRACE_MS = 15_000;
const KEEPER = join(import.meta.dirname, 'keeper.sh');

/** A component's process. */
export interface Daemon {
  pid: number;
  /** Resolves when it has ended, for whatever reason. */
  ended: Promise<void>;
  stop(how: NodeJS.Signals): Promise<void>;
}

/** Where the processes of one lab run. */
export interface Place {
  /** Run folder of the lab. */
  run: string;
  isolation: Isolation;
  /** Address that the servers listen on and that the machine reaches them at. */
  address: string;
  /** The usual port where the address is our own, else any free one. */
  port(usual: number): Promise<number>;
  start(name: string, command: string, args: readonly string[]): Promise<Daemon>;
  /** Runs a command to its end where the processes of the lab run. @returns what it printed */
  execute(command: string, args: readonly string[], options?: { timeoutMs?: number }): Promise<string>;
  /** The process whose end is the end of the lab. TERM ends it in order. */
  keeper: number;
  ended: Promise<void>;
  /** Ends every process and removes the run folder. */
  end(): Promise<void>;
}

/** @throws Error where namespaces are asked for and not allowed */
export async function openPlace(wanted: 'auto' | 'namespaces' | 'plain'): Promise<Place> {
  if (wanted === 'plain') return plainPlace('asked for');
  try {
    return await isolatedPlace();
  } catch (error) {
    if (wanted === 'namespaces') throw error;
    return plainPlace(error instanceof Error ? error.message : String(error));
  }
}

async function isolatedPlace(): Promise<Place> {
  const run = makeRunFolder();
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--propagation', 'private', '--kill-child'];
  const holder = join(import.meta.dirname, 'holder.sh');
  const keeper = await startKeeper(run, ['unshare', ...namespaces, '--', '/bin/bash', holder, run]);
  try {
    const { holderPid, address } = await enterNamespaces(run, keeper.ended);
    const enter = ['--target', String(holderPid), '--net', '--mount', '--pid', '--'];
    return {
      ...commonParts(run, keeper, (name, command, args) =>
        startInside(run, name, [...enter, command, ...args]),
      ),
      isolation: { kind: 'namespaces' },
      address,
      port: (usual) => Promise.resolve(usual),
      execute: (command, args, options) =>
        runCommand('nsenter', [...enter, command, ...args], { ...options, cwd: '/' }),
    };
  } catch (error) {
    // Its run folder goes with it.
    await keeper.stop('SIGTERM', STOP_GRACE_MS);
    throw error;
  }
}

async function plainPlace(reason: string): Promise<Place> {
  const run = makeRunFolder();
  const keeper = await startKeeper(run, ['sleep', 'infinity']);
  return {
    ...commonParts(run, keeper, (name, command, args) => startPlain(run, name, [command, ...args])),
    isolation: { kind: 'plain', reason },
    address: '127.0.0.1',
    port: () => freePort(),
    execute: (command, args, options) => runCommand(command, args, { ...options, cwd: '/' }),
  };
}

function commonParts(
  run: string,
  keeper: Supervised,
  start: Place['start'],
): Pick<Place, 'run' | 'keeper' | 'start' | 'ended' | 'end'> {
  const daemons: Daemon[] = [];
  return {
    run,
    keeper: keeper.pid,
    async start(name, command, args) {
      const daemon = await start(name, command, args);
      daemons.push(daemon);
      return daemon;
    },
    ended: keeper.ended.then(() => undefined),
    async end() {
      await keeper.stop('SIGTERM', STOP_GRACE_MS);
      // Nothing is left, unless somebody has killed the keeper.
      await removeLeft(run);
      // They are gone, and with this also what watched over them.
      await Promise.all(daemons.map(({ ended }) => ended));
    },
  };
}

async function startKeeper(run: string, command: readonly string[]): Promise<Supervised> {
  // Beside the run folder's own logs there is nothing to say, and the folder is removed by the keeper itself.
  return supervise('/bin/bash', [KEEPER, run, ...command], { cwd: '/' });
}

function logFile(run: string, name: string): number {
  return openSync(join(run, 'log', `${name}.log`), 'a', 0o600);
}

/** Starts a process in the namespaces. Its end comes with theirs, so nobody has to watch over it. */
async function startInside(run: string, name: string, args: readonly string[]): Promise<Daemon> {
  const log = logFile(run, name);
  // A session of its own: Ctrl-C in the terminal reaches the starter only.
  const child = spawn('nsenter', args, { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  let over = false;
  const ended = new Promise<void>((resolve) => {
    const done = (): void => {
      over = true;
      resolve();
    };
    child.once('exit', done);
    child.once('error', done);
  });
  let pid: number | undefined;
  while (pid === undefined && !over) {
    pid = child.pid === undefined ? undefined : childrenOf(child.pid)[0];
    if (pid === undefined) await pause(5);
  }
  if (pid === undefined) throw new Error(`${name} ended while starting; see ${join(run, 'log', name)}.log`);
  return registered(run, name, pid, ended);
}

async function startPlain(
  run: string,
  name: string,
  [command = '', ...args]: readonly string[],
): Promise<Daemon> {
  const log = logFile(run, name);
  const process = await supervise(command, args, {
    stdio: ['ignore', log, log],
    stopSignal: 'KILL',
    cwd: '/',
  });
  closeSync(log);
  return registered(
    run,
    name,
    process.pid,
    process.ended.then(() => undefined),
  );
}

/** Writes down the pid for the keeper. */
function registered(run: string, name: string, pid: number, ended: Promise<void>): Daemon {
  const file = join(run, 'pids', String(pid));
  writeFileSync(file, name);
  void ended.then(() => rmSync(file, { force: true }));
  return {
    pid,
    ended,
    async stop(how) {
      signal(pid, how);
      const timer = setTimeout(() => signal(pid, 'SIGKILL'), STOP_GRACE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';

/**
 * A child that dies with its parent, even when the parent is killed -9: a shell holds the read end of a pipe whose
 * other end the parent owns, and stops the child when it closes.
 */
export interface Supervised {
  child: ChildProcess;
  pid: number;
  /** Resolves when the process has ended, with its exit code or signal. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Signals the process itself and waits for its end; SIGKILL after `graceMs`. */
  stop(signal?: NodeJS.Signals, graceMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

// $0 is the stop signal; the command follows as arguments. The watcher reads fd 3 until the parent is gone.
const WATCH =
  '"$@" 3<&- 4>&- & child=$!; echo "$child" >&4; exec 4>&-; ( read -r _ <&3; kill -s "$0" $child; sleep 10; kill -9 $child ) 2>/dev/null & watch=$!; exec 3<&-; wait $child; code=$?; pkill -P $watch 2>/dev/null; kill $watch 2>/dev/null; exit $code';

/** Starts a command under supervision. @param stopSignal what is sent when the parent is gone */
export async function supervise(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { stopSignal?: string } = {},
): Promise<Supervised> {
  const { stopSignal = 'TERM', ...spawnOptions } = options;
  const [stdin = 'ignore', stdout = 'ignore', stderr = 'ignore'] = Array.isArray(spawnOptions.stdio)
    ? spawnOptions.stdio
    : [];
  const child = spawn('/bin/sh', ['-c', WATCH, stopSignal, command, ...args], {
    // A session of its own: Ctrl-C in the terminal reaches the parent only, which then stops its children in order.
    detached: true,
    ...spawnOptions,
    stdio: [stdin, stdout, stderr, 'pipe', 'pipe'],
  });
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
    child.once('error', () => resolve({ code: 127, signal: null }));
  });
  const pid = await readPid(child, command);
  const signalChild = (signal: NodeJS.Signals): void => {
    try {
      process.kill(pid, signal);
    } catch {
      // Already gone.
    }
  };
  return {
    child,
    pid,
    ended,
    async stop(signal = 'SIGTERM', graceMs = 8000) {
      signalChild(signal);
      const timer = setTimeout(() => signalChild('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
    async kill(signal) {
      signalChild(signal);
      await ended;
    },
  };
}

function readPid(child: ChildProcess, command: string): Promise<number> {
  const pipe = child.stdio[4];
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${command} did not start (exit ${code})`)));
    if (pipe === null || pipe === undefined || !('setEncoding' in pipe)) {
      reject(new Error(`${command}: no pipe to read its process id from`));
      return;
    }
    pipe.setEncoding('utf8');
    pipe.once('data', (text: string) => resolve(Number(text.trim())));
  });
}

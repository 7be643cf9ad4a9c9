import { fork, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { hookMessageSchema } from './message.ts';

export interface HookDeps {
  /** Rejects when the hook must not be started now: without an X server it would abort or hang its process. */
  preflight: () => Promise<void>;
  /** Environment of the child, asked at each start: another display may have come. */
  environment?: () => NodeJS.ProcessEnv;
  /** Input was seen in the last second. */
  input: (kinds: { kb: boolean; ms: boolean }) => void;
  /** The hook began or ceased to work. */
  changed: (running: boolean) => void;
  log: { warn(fields: object, message: string): void };
  childPath?: string;
  readyWithinMs?: number;
}
export interface HookSupervisor {
  running(): boolean;
  /** Kills the child, and starts another one. */
  restart(): void;
  stop(): void;
}

/** Beside this file, in the sources as in the bundle. */
const CHILD = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './child.ts' : './child.js', import.meta.url),
);
const READY_WITHIN_MS = 3000;
/**
 * A hung child never sees that its parent is gone, and the parent cannot kill it when it is killed itself: then the kernel
 * does, where `setpriv` (util-linux) asks it to.
 */
const SETPRIV = '/usr/bin/setpriv';
const DIES_WITH_US = existsSync(SETPRIV)
  ? { execPath: SETPRIV, execArgv: ['--pdeathsig', 'KILL', '--', process.execPath] }
  : { execArgv: [] };
const FIRST_PAUSE_MS = 500;
const MOST_PAUSE_MS = 8000;

/**
 * Runs the input hook in a child process of its own, because it can abort, hang, or end its process without a word
 * (agent.md §1): preflight, at most three seconds to become ready, SIGKILL, and ever longer pauses between starts.
 */
export function superviseHook(deps: HookDeps): HookSupervisor {
  let child: ChildProcess | null = null;
  let running = false;
  let stopped = false;
  let pause = FIRST_PAUSE_MS;
  let timer: NodeJS.Timeout | null = null;

  const setRunning = (now: boolean): void => {
    if (running === now) return;
    running = now;
    deps.changed(now);
  };
  const later = (): void => {
    if (stopped) return;
    timer = setTimeout(() => void start(), pause);
    pause = Math.min(pause * 2, MOST_PAUSE_MS);
  };
  const receive = (raw: unknown, from: ChildProcess): void => {
    const message = hookMessageSchema.safeParse(raw);
    if (!message.success) {
      deps.log.warn({}, 'the input hook said something it may not say; it is ended');
      from.kill('SIGKILL');
      return;
    }
    if ('ready' in message.data) {
      pause = FIRST_PAUSE_MS;
      setRunning(true);
    } else if (running) deps.input(message.data);
  };
  const start = async (): Promise<void> => {
    try {
      await deps.preflight();
    } catch {
      later();
      return;
    }
    if (stopped) return;
    child = startChild(deps, {
      receive,
      running: () => running,
      ended: () => {
        child = null;
        setRunning(false);
        later();
      },
    });
  };
  void start();
  return {
    running: () => running,
    restart: () => child?.kill('SIGKILL'),
    stop() {
      stopped = true;
      if (timer !== null) clearTimeout(timer);
      // A hung child never sees that its parent is gone.
      child?.kill('SIGKILL');
    },
  };
}

interface ChildEvents {
  receive: (raw: unknown, from: ChildProcess) => void;
  running: () => boolean;
  ended: () => void;
}

/** Starts the child with its watchdog: one that is not ready in time hangs, and only SIGKILL ends it. */
function startChild(deps: HookDeps, events: ChildEvents): ChildProcess {
  const started = fork(deps.childPath ?? CHILD, [], {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: deps.environment?.() ?? process.env,
    ...DIES_WITH_US,
  });
  const watchdog = setTimeout(() => {
    if (!events.running()) started.kill('SIGKILL');
  }, deps.readyWithinMs ?? READY_WITHIN_MS);
  started.on('message', (raw) => events.receive(raw, started));
  started.on('error', () => undefined);
  started.once('exit', () => {
    clearTimeout(watchdog);
    events.ended();
  });
  return started;
}

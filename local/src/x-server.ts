import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { supervise, type Supervised } from './supervised.ts';

export interface LocalXServer {
  /** Resolves when the server has ended, for whatever reason. */
  ended: Promise<unknown>;
  /** Such as `:91`. */
  display: string;
  stop(): Promise<void>;
  /** Kills the X server at once, as a crash would. */
  kill(): Promise<void>;
}

/** Starts Xvfb with the window manager openbox on a free display and waits until the manager is in charge. */
export async function startXServer(options: { display?: string; size?: string } = {}): Promise<LocalXServer> {
  const display = options.display ?? freeDisplay();
  const size = options.size ?? '1280x800x24';
  const server = await supervise('Xvfb', [display, '-screen', '0', size, '-nolisten', 'tcp', '-noreset']);
  await until(() => existsSync(socketOf(display)), `Xvfb on ${display}`, server);
  const env = { ...process.env, DISPLAY: display };
  const manager = await supervise('openbox', [], { env });
  await until(() => windowManagerReady(display), `openbox on ${display}`, server);
  return {
    display,
    ended: server.ended,
    async stop() {
      await manager.stop('SIGTERM', 2000);
      await server.stop('SIGTERM', 4000);
    },
    async kill() {
      await server.kill('SIGKILL');
      await manager.stop('SIGTERM', 2000);
    },
  };
}

const socketOf = (display: string): string => `/tmp/.X11-unix/X${display.replace(/^:/, '')}`;

function freeDisplay(): string {
  const start = 90 + Math.floor(Math.random() * 800);
  for (let number = start; number < start + 200; number += 1) {
    if (!existsSync(`/tmp/.X11-unix/X${number}`) && !existsSync(`/tmp/.X${number}-lock`)) return `:${number}`;
  }
  throw new Error('no free X display');
}

function windowManagerReady(display: string): boolean {
  try {
    const answer = execFileSync('xprop', ['-display', display, '-root', '_NET_SUPPORTING_WM_CHECK'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return answer.includes('window id');
  } catch {
    return false;
  }
}

async function until(ready: () => boolean, what: string, server: Supervised): Promise<void> {
  let over = false;
  void server.ended.then(() => (over = true));
  for (let attempt = 0; attempt < 600; attempt += 1) {
    if (ready()) return;
    if (over) throw new Error(`${what} ended while starting`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} is not ready after 30 s`);
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { LockSource } from '../platform.ts';

const run = promisify(execFile);
const TIMEOUT_MS = 3000;

/** Lock and foreground state of the desktop session as logind tells it. */
export async function logindLock(env: NodeJS.ProcessEnv, command = 'loginctl'): Promise<LockSource> {
  const session = env['XDG_SESSION_ID'] ?? 'auto';
  const read = async (): Promise<{ locked: boolean; disconnected: boolean }> => {
    const { stdout } = await run(command, ['show-session', session, '-p', 'LockedHint', '-p', 'Active'], {
      timeout: TIMEOUT_MS,
    });
    if (!/^LockedHint=/m.test(stdout)) throw new Error('logind names no session');
    return { locked: /^LockedHint=yes$/m.test(stdout), disconnected: /^Active=no$/m.test(stdout) };
  };
  try {
    await read();
    return { reason: '', read };
  } catch {
    return {
      reason: 'A locked screen cannot be told from an idle one, because logind does not run here.',
      read: () => Promise.resolve({ locked: false, disconnected: false }),
    };
  }
}

import { execFileSync } from 'node:child_process';
import { chownSync } from 'node:fs';

/** Ids of the user that a server which refuses to run as root is started under. */
export interface RunAs {
  uid: number;
  gid: number;
}

const USER = 'process-meter';

/**
 * PostgreSQL refuses to run as root. As root, a system user `process-meter` is used and made once;
 * as anybody else, nothing changes.
 */
export function unprivilegedUser(): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const known = lookUp();
  if (known !== undefined) return known;
  try {
    execFileSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', USER], {
      stdio: 'ignore',
    });
  } catch {
    // Two starters at once: the other one made it. The look-up below tells.
  }
  const made = lookUp();
  if (made === undefined) throw new Error(`cannot make the system user ${USER} that PostgreSQL runs under`);
  return made;
}

/** Gives a folder to the unprivileged user, where there is one. */
export function giveTo(user: RunAs | undefined, path: string): void {
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}

function lookUp(): RunAs | undefined {
  try {
    const uid = Number(
      execFileSync('id', ['-u', USER], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    const gid = Number(
      execFileSync('id', ['-g', USER], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    );
    return { uid, gid };
  } catch {
    return undefined;
  }
}

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Platform } from '../platform.ts';
import { desktopKind } from './desktop-kind.ts';
import { logindLock } from './logind.ts';
import { procDocuments } from './open-files.ts';
import { dpkgOwner } from './packages.ts';
import { procLister } from './processes.ts';
import { portableLister } from '../portable/process-list.ts';
import { recentlyUsed } from './recently-used.ts';
import { preflight } from './x11-connection.ts';
import { openX11Windows } from './x11-windows.ts';

/** Linux with an X11 desktop. */
export async function linuxPlatform(env: NodeJS.ProcessEnv): Promise<Platform> {
  const display = env['DISPLAY'] ?? '';
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown')).trim();
  const data = env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share');
  return {
    name: `linux-${process.arch}`,
    desktop: display,
    bootId,
    async openWindows(events, clock) {
      if (display === '') throw new Error('There is no X display: DISPLAY is not set.');
      return openX11Windows(display, events, clock);
    },
    desktopKind: () => desktopKind(env),
    // A hardened system may hide /proc; `ps` may then still tell.
    processes: existsSync('/proc/self/stat') ? procLister() : portableLister,
    onThisDesktop: async (pid) => sameDisplay(await displayOf(pid), display),
    documents: procDocuments(recentlyUsed(join(data, 'recently-used.xbel'))),
    packageOf: dpkgOwner(),
    openLock: () => logindLock(env),
    hookPreflight: async () => {
      if (display === '') throw new Error('DISPLAY is not set');
      await preflight(display);
    },
  };
}

async function displayOf(pid: number): Promise<string> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  const entry = environment.split('\0').find((word) => word.startsWith('DISPLAY='));
  return entry?.slice('DISPLAY='.length) ?? '';
}

function sameDisplay(a: string, b: string): boolean {
  const plain = (display: string): string => display.replace(/^unix(?=:)/, '').replace(/\.0$/, '');
  return a !== '' && plain(a) === plain(b);
}

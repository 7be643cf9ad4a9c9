import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Platform, WindowEvents, WindowSource } from '../platform.ts';
import { desktopKind } from './desktop-kind.ts';
import { DISPLAY_PLACES, findDisplays, plainDisplay, type Display } from './displays.ts';
import { logindLock } from './logind.ts';
import { procDocuments } from './open-files.ts';
import { packageSource } from './packages.ts';
import { procLister } from './processes.ts';
import { portableLister } from '../portable/process-list.ts';
import { recentlyUsed } from './recently-used.ts';
import { preflight } from './x11-connection.ts';
import { openX11Windows } from './x11-windows.ts';

/** Linux with an X11 desktop: the one DISPLAY names, or, where it is not set, the one this user has once it is there. */
export async function linuxPlatform(env: NodeJS.ProcessEnv, places = DISPLAY_PLACES): Promise<Platform> {
  const bootId = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown')).trim();
  const data = env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share');
  const configured = env['DISPLAY'];
  let display = configured ?? '';

  const candidates = async (): Promise<Display[]> => {
    if (configured === undefined) return findDisplays(places);
    if (configured === '') throw new Error('There is no X display: DISPLAY is empty.');
    return [{ name: configured, authority: env['XAUTHORITY'] ?? null }];
  };
  const openOn = async (
    { name, authority }: Display,
    events: WindowEvents,
    clock: () => number,
  ): Promise<WindowSource> => {
    // The X library looks for the key in the environment and nowhere else.
    if (authority !== null) process.env['XAUTHORITY'] = authority;
    const source = await openX11Windows(name, events, clock);
    display = name;
    return source;
  };
  return {
    name: `linux-${process.arch}`,
    get desktop() {
      return display;
    },
    bootId,
    async openWindows(events, clock) {
      let reason: unknown = new Error(
        'There is no X display: DISPLAY is not set, and this user has no desktop.',
      );
      for (const candidate of await candidates()) {
        try {
          return await openOn(candidate, events, clock);
        } catch (error) {
          reason = error;
        }
      }
      throw reason;
    },
    desktopKind: () => desktopKind(env, display),
    // A hardened system may hide /proc; `ps` may then still tell.
    processes: existsSync('/proc/self/stat') ? procLister() : portableLister,
    onThisDesktop: async (pid) => sameDisplay(await displayOf(pid), display),
    documents: procDocuments(recentlyUsed(join(data, 'recently-used.xbel'))),
    packages: await packageSource(),
    openLock: () => logindLock(env),
    hookPreflight: async () => {
      if (display === '') throw new Error('there is no display');
      await preflight(display);
    },
    hookEnvironment: () => ({ ...process.env, DISPLAY: display }),
  };
}

async function displayOf(pid: number): Promise<string> {
  const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
  const entry = environment.split('\0').find((word) => word.startsWith('DISPLAY='));
  return entry?.slice('DISPLAY='.length) ?? '';
}

function sameDisplay(a: string, b: string): boolean {
  return a !== '' && plainDisplay(a) === plainDisplay(b);
}

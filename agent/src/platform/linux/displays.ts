import { execFile } from 'node:child_process';
import { readFile, readdir, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { displaySocket } from './x11-connection.ts';

const run = promisify(execFile);
const LOGINCTL_TIMEOUT_MS = 3000;

/** An X display of this user. */
export interface Display {
  /** Such as `:0`. */
  name: string;
  /** File with the key to it; null when nothing names one, and the usual place counts. */
  authority: string | null;
}

/** Where displays are looked for; a test has places of its own. */
export interface DisplayPlaces {
  proc: string;
  sockets: string;
  loginctl: string;
  uid: number;
}
export const DISPLAY_PLACES: DisplayPlaces = {
  proc: '/proc',
  sockets: '/tmp/.X11-unix',
  loginctl: 'loginctl',
  uid: process.getuid?.() ?? 0,
};

/**
 * Displays of this user and of nobody else, the most likely first: the one logind names, those that programs of the user
 * run on, and those whose socket belongs to the user. For an agent that was started before the desktop was.
 */
export async function findDisplays(places: DisplayPlaces = DISPLAY_PLACES): Promise<Display[]> {
  const used = await displaysOfProcesses(places);
  const names = [
    ...(await displayOfLogind(places)),
    ...byNumber([...used.keys()]),
    ...byNumber(await displaysOfSockets(places)),
  ];
  const authorityOf = (name: string): string | null => used.get(name) ?? null;
  return [...new Set(names)].map((name) => ({ name, authority: authorityOf(name) }));
}

async function displayOfLogind({ loginctl, uid }: DisplayPlaces): Promise<string[]> {
  const ask = async (...words: string[]): Promise<string> => {
    const { stdout } = await run(loginctl, [...words, '--value', '-p', 'Display'], {
      timeout: LOGINCTL_TIMEOUT_MS,
    });
    return stdout.trim();
  };
  try {
    const session = await ask('show-user', String(uid));
    return session === '' ? [] : localDisplay(await ask('show-session', session));
  } catch {
    return [];
  }
}

/** Displays in the environment of this user's processes, each with the key file that stands beside it. */
async function displaysOfProcesses({ proc, uid }: DisplayPlaces): Promise<Map<string, string | null>> {
  const names = await readdir(proc).catch(() => []);
  const found = new Map<string, string | null>();
  for (const pid of names.filter((name) => /^\d+$/.test(name))) {
    const folder = `${proc}/${pid}`;
    if (!(await isOf(folder, uid))) continue;
    const words = (await readFile(`${folder}/environ`, 'utf8').catch(() => '')).split('\0');
    const value = (name: string): string =>
      words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? '';
    for (const name of localDisplay(value('DISPLAY'))) {
      const authority = value('XAUTHORITY');
      found.set(name, found.get(name) ?? (authority === '' ? null : authority));
    }
  }
  return found;
}

async function displaysOfSockets({ sockets, uid }: DisplayPlaces): Promise<string[]> {
  const names = (await readdir(sockets).catch(() => [])).filter((name) => /^X\d+$/.test(name));
  const own = names.map(async (name) =>
    (await isOf(`${sockets}/${name}`, uid)) ? [`:${name.slice(1)}`] : [],
  );
  return (await Promise.all(own)).flat();
}

function isOf(path: string, uid: number): Promise<boolean> {
  return stat(path).then(
    (found) => found.uid === uid,
    () => false,
  );
}

/** A display of this computer by its plain name; nothing for one on another host, as ssh forwards them. */
function localDisplay(text: string): string[] {
  return displaySocket(text) === null ? [] : [plainDisplay(text)];
}

/** `unix:0.0` and `:0` are the same display. */
export function plainDisplay(display: string): string {
  return display.replace(/^unix(?=:)/, '').replace(/\.\d+$/, '');
}

const byNumber = (names: readonly string[]): string[] =>
  names.toSorted((a, b) => Number(a.slice(1)) - Number(b.slice(1)));

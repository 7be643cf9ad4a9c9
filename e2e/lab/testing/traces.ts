import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Lab } from '../lab.ts';
import { LINK_PREFIX } from '../namespaces.ts';
import { groupsOf } from '../run-folder.ts';

/** What a lab has on the machine, noted while it runs, to look for it afterwards. */
export interface Traces {
  folder: string;
  pids: readonly number[];
  /** Such as `net:[4026532291]`; empty without isolation. */
  namespaces: readonly string[];
  /** Path and index of its network interface: the name may be another lab's by then. */
  link: { file: string; index: string } | undefined;
}

const KINDS = ['net', 'mnt', 'pid'];

export function tracesOf(lab: Pick<Lab, 'folder' | 'url' | 'pids'>): Traces {
  const pids = Object.values(lab.pids);
  const own = namespacesOf('self');
  const namespaces = pids.flatMap((pid) => namespacesOf(String(pid))).filter((one) => !own.includes(one));
  const number = /^https:\/\/198\.18\.(\d+)\./.exec(lab.url)?.[1];
  const file = `/sys/class/net/${LINK_PREFIX}${number}/ifindex`;
  return {
    folder: lab.folder,
    pids,
    namespaces: [...new Set(namespaces)],
    link: number === undefined ? undefined : { file, index: readFileSync(file, 'utf8') },
  };
}

/** @returns what is still there, in words; empty when nothing is */
export function remains({ folder, pids, namespaces, link }: Traces): string[] {
  const found: string[] = [];
  if (existsSync(folder)) found.push(`folder ${folder}`);
  for (const pid of pids) if (commandLine(String(pid)).includes(folder)) found.push(`process ${pid}`);
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    if (/keeper\.sh|holder\.sh/.test(commandLine(pid)) && commandLine(pid).includes(folder))
      found.push(`process ${pid} of the lab itself`);
    found.push(
      ...namespacesOf(pid)
        .filter((one) => namespaces.includes(one))
        .map((one) => `namespace ${one}`),
    );
  }
  if (readFileSync('/proc/self/mountinfo', 'utf8').includes(folder)) found.push('a mount');
  found.push(...groupsOf(folder).map((group) => `group ${group}`));
  if (link !== undefined && textOf(link.file) === link.index) found.push(`network interface ${link.file}`);
  return found;
}

function namespacesOf(pid: string): string[] {
  try {
    return KINDS.map((kind) => readlinkSync(`/proc/${pid}/ns/${kind}`));
  } catch {
    return [];
  }
}

function commandLine(pid: string): string {
  return textOf(`/proc/${pid}/cmdline`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { identityOf, lives, processesWith, signal } from './processes.ts';
import { until } from './wait.ts';

const PREFIX = 'pm-lab-';
const STATE = 'lab.json';

const identity = z.object({ pid: z.number(), startTime: z.string() });

const state = z.object({
  id: z.string(),
  starter: identity,
  keeper: identity,
  url: z.string(),
  adminKubeconfig: z.string(),
});

/** What a lab tells others on this machine. */
export type LabState = z.infer<typeof state>;

/** A lab on this machine, maybe one that was killed. */
export interface FoundLab {
  id: string;
  folder: string;
  /** Missing when it was killed before it was ready. */
  state: LabState | undefined;
  /** Its starter and its keeper live. */
  alive: boolean;
}

/** A short path, because sockets in it may have at most 107 bytes. */
export function makeRunFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), PREFIX));
  for (const name of ['log', 'pids']) mkdirSync(join(folder, name));
  // A starter that is killed before the lab is ready must still be told from one that is starting.
  writeFileSync(join(folder, 'starter'), JSON.stringify(identityOf(process.pid)));
  return folder;
}

export function labId(folder: string): string {
  return basename(folder).slice(PREFIX.length);
}

export function writeState(
  folder: string,
  { keeper, url, adminKubeconfig }: { keeper: number; url: string; adminKubeconfig: string },
): void {
  const made: LabState = state.parse({
    id: labId(folder),
    starter: identityOf(process.pid),
    keeper: identityOf(keeper),
    url,
    adminKubeconfig,
  });
  writeFileSync(join(folder, `${STATE}.new`), JSON.stringify(made), { mode: 0o600 });
  renameSync(join(folder, `${STATE}.new`), join(folder, STATE));
}

export function findLabs(): FoundLab[] {
  return readdirSync(tmpdir())
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => foundLab(join(tmpdir(), name)));
}

function foundLab(folder: string): FoundLab {
  const id = labId(folder);
  const text = read(join(folder, STATE));
  if (text !== undefined) {
    const known = state.parse(JSON.parse(text));
    return { id, folder, state: known, alive: lives(known.starter) && lives(known.keeper) };
  }
  const starter = read(join(folder, 'starter'));
  return {
    id,
    folder,
    state: undefined,
    alive: starter !== undefined && lives(identity.parse(JSON.parse(starter))),
  };
}

function read(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** Ends a lab from outside: its keeper ends everything and removes the folder. Does by hand what a killed one cannot. */
export async function endLab(lab: FoundLab): Promise<void> {
  if (lab.state !== undefined && lives(lab.state.keeper)) {
    signal(lab.state.keeper.pid, 'SIGTERM');
    await until(`the end of lab ${lab.id}`, () => !existsSync(lab.folder), { timeoutMs: 30_000 });
    return;
  }
  await removeLeft(lab.folder);
}

/** Does what a keeper does that was killed itself. */
export async function removeLeft(folder: string): Promise<void> {
  await until(`the end of the processes in ${folder}`, () => {
    const left = leftProcesses(folder);
    for (const pid of left) signal(pid, 'SIGKILL');
    return left.length === 0;
  });
  await until(`the end of the groups of ${folder}`, () => removeGroups(folder));
  rmSync(folder, { recursive: true, force: true });
}

const CGROUPS = '/sys/fs/cgroup';

/** The groups, one in each hierarchy, in which a real node ran pods: named like the run folder. */
export function groupsOf(folder: string): string[] {
  const hierarchies = ['', ...namesIn(CGROUPS)];
  return hierarchies
    .map((hierarchy) => join(CGROUPS, hierarchy, basename(folder)))
    .filter((path) => existsSync(path));
}

/** @returns whether none is left: a group goes when its last process is gone */
function removeGroups(folder: string): boolean {
  for (const group of groupsOf(folder)) removeGroup(group);
  return groupsOf(folder).length === 0;
}

function removeGroup(group: string): void {
  for (const entry of readdirSync(group, { withFileTypes: true }))
    if (entry.isDirectory()) removeGroup(join(group, entry.name));
  try {
    rmdirSync(group);
  } catch {
    // Not empty for a moment.
  }
}

/** Only what the lab started itself, not a pager that shows one of its logs. */
function leftProcesses(folder: string): number[] {
  const daemons = new Set(namesIn(join(folder, 'pids')).map(Number));
  return [
    ...processesWith(`keeper.sh\0${folder}`),
    ...processesWith(`holder.sh\0${folder}`),
    ...processesWith(folder).filter((pid) => daemons.has(pid)),
  ];
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

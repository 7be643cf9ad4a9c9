import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

interface Stat {
  parent: number;
  ticks: number;
}

function statOf(pid: string): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    // Own time, and that of children which ended and were waited for.
    const ticks = (fields[11] ?? 0) + (fields[12] ?? 0) + (fields[13] ?? 0) + (fields[14] ?? 0);
    return { parent: fields[1] ?? 0, ticks };
  } catch {
    return undefined;
  }
}

/** A process and all its descendants. */
export function processesBelow(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = statOf(name);
    if (stat !== undefined) parents.set(Number(name), stat.parent);
  }
  const below = (pid: number): boolean => {
    const parent = parents.get(pid) ?? 0;
    return pid === root || (parent > 1 && below(parent));
  };
  return [...parents.keys()].filter(below);
}

/** Seconds of processor time that one process has used so far, with children that ended. */
export const ownProcessorSeconds = (pid: number): number =>
  (statOf(String(pid))?.ticks ?? 0) / TICKS_PER_SECOND;

/** Seconds of processor time that a process and all its descendants have used so far. */
export function processorSeconds(root: number): number {
  return processesBelow(root).reduce((sum, pid) => sum + ownProcessorSeconds(pid), 0);
}

/** Resident memory of one process, bytes. */
export function residentBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE_BYTES;
}

/** Seconds that each named process used while a task ran, and how long that took. */
export async function processorTimeOf<T>(
  processes: Readonly<Record<string, number>>,
  task: () => Promise<T>,
): Promise<{ result: T; seconds: number; used: Record<string, number> }> {
  const before = Object.entries(processes).map(([name, pid]) => [name, pid, processorSeconds(pid)] as const);
  const began = performance.now();
  const result = await task();
  const seconds = (performance.now() - began) / 1000;
  const used = Object.fromEntries(before.map(([name, pid, then]) => [name, processorSeconds(pid) - then]));
  return { result, seconds, used };
}

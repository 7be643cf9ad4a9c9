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

/** Seconds of processor time that a process and all its descendants have used so far. */
export function processorSeconds(root: number): number {
  const stats = new Map<number, Stat>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const stat = statOf(name);
    if (stat !== undefined) stats.set(Number(name), stat);
  }
  const below = (pid: number): boolean => {
    if (pid === root) return true;
    const stat = stats.get(pid);
    return stat !== undefined && stat.parent > 1 && below(stat.parent);
  };
  let ticks = 0;
  for (const [pid, stat] of stats) if (below(pid)) ticks += stat.ticks;
  return ticks / TICKS_PER_SECOND;
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

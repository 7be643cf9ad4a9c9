import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { ProcessInfo, ProcessLister } from '../platform.ts';

/** Kernel clock ticks a second: 100 on every architecture Linux gives to user space. */
const TICK_MS = 10;

interface Known {
  start: string;
  /** Changes when the process becomes another program by exec. */
  name: string;
  executable: string;
}

/**
 * Processes of this user from /proc. What cannot change in a process is read once (agent.md §3). Read synchronously: the
 * kernel answers from memory in microseconds, and each asynchronous read would wake a thread.
 */
export function procLister(root = '/proc', uid = process.getuid?.() ?? 0): ProcessLister {
  const known = new Map<number, Known>();
  return {
    list() {
      const pids = readdirSync(root)
        .filter((name) => /^\d+$/.test(name))
        .map(Number);
      const found = pids.map((pid) => readProcess(root, pid, { known, uid }));
      const processes = found.filter((entry) => entry !== null);
      const alive = new Set(processes.map(({ pid }) => pid));
      for (const pid of known.keys()) if (!alive.has(pid)) known.delete(pid);
      return Promise.resolve(processes);
    },
  };
}

function readProcess(
  root: string,
  pid: number,
  { known, uid }: { known: Map<number, Known>; uid: number },
): ProcessInfo | null {
  try {
    if (statSync(`${root}/${pid}`).uid !== uid) return null;
    const stat = parseStat(readFileSync(`${root}/${pid}/stat`, 'latin1'));
    if (stat === null || stat.state === 'Z' || stat.state === 'X') return null;
    let fixed = known.get(pid);
    if (fixed?.start !== stat.start || fixed.name !== stat.name) {
      fixed = { start: stat.start, name: stat.name, executable: executableOf(root, pid, stat.name) };
      known.set(pid, fixed);
    }
    return { pid, parent: stat.parent, start: stat.start, executable: fixed.executable, cpuMs: stat.cpuMs };
  } catch {
    // It ended between the listing and now, or belongs to somebody else.
    return null;
  }
}

function executableOf(root: string, pid: number, name: string): string {
  try {
    // An upgraded program keeps running from a deleted file.
    return readlinkSync(`${root}/${pid}/exe`).replace(/ \(deleted\)$/, '');
  } catch {
    return name;
  }
}

/** The fields used of `/proc/PID/stat`; the name stands in brackets and may itself hold brackets and spaces. */
export function parseStat(
  text: string,
): { name: string; state: string; parent: number; start: string; cpuMs: number } | null {
  const open = text.indexOf('(');
  const close = text.lastIndexOf(')');
  if (open === -1 || close < open) return null;
  const fields = text.slice(close + 2).split(' ');
  const [state, parent] = fields;
  const start = fields[19];
  if (state === undefined || parent === undefined || start === undefined) return null;
  const cpuMs = (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  return { name: text.slice(open + 1, close), state, parent: Number(parent), start, cpuMs };
}

import { readFile, readdir, readlink } from 'node:fs/promises';
import type { ProcessInfo, ProcessLister } from '../platform.ts';

/** Kernel clock ticks a second: 100 on every architecture Linux gives to user space. */
const TICK_MS = 10;

interface Known {
  start: string;
  /** Changes when the process becomes another program by exec. */
  name: string;
  executable: string;
}

/** Processes of this user from /proc. What cannot change in a process is read once (agent.md §3). */
export function procLister(root = '/proc', uid = process.getuid?.() ?? 0): ProcessLister {
  const known = new Map<number, Known>();
  return {
    async list() {
      const names = await readdir(root);
      const pids = names.filter((name) => /^\d+$/.test(name)).map(Number);
      const found = await Promise.all(pids.map((pid) => readProcess(root, pid, { known, uid })));
      const processes = found.filter((entry) => entry !== null);
      const alive = new Set(processes.map(({ pid }) => pid));
      for (const pid of known.keys()) if (!alive.has(pid)) known.delete(pid);
      return processes;
    },
  };
}

async function readProcess(
  root: string,
  pid: number,
  { known, uid }: { known: Map<number, Known>; uid: number },
): Promise<ProcessInfo | null> {
  try {
    const stat = parseStat(await readFile(`${root}/${pid}/stat`, 'latin1'));
    if (stat === null || stat.state === 'Z' || stat.state === 'X') return null;
    let fixed = known.get(pid);
    if (fixed?.start !== stat.start || fixed.name !== stat.name) {
      if (!(await isOwn(root, pid, uid))) return null;
      fixed = { start: stat.start, name: stat.name, executable: await executableOf(root, pid, stat.name) };
      known.set(pid, fixed);
    }
    return { pid, parent: stat.parent, start: stat.start, executable: fixed.executable, cpuMs: stat.cpuMs };
  } catch {
    // It ended between the listing and now, or belongs to somebody else.
    return null;
  }
}

async function isOwn(root: string, pid: number, uid: number): Promise<boolean> {
  const status = await readFile(`${root}/${pid}/status`, 'latin1');
  return Number(/^Uid:\s+(\d+)/m.exec(status)?.[1] ?? -1) === uid;
}

async function executableOf(root: string, pid: number, name: string): Promise<string> {
  const path = await readlink(`${root}/${pid}/exe`).catch(() => name);
  // An upgraded program keeps running from a deleted file.
  return path.replace(/ \(deleted\)$/, '');
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

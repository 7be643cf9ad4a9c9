import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { processesOf, type Container } from './containers.ts';

const ROOT = '/sys/fs/cgroup';
/** Files of the two versions of control groups: what is used, and the most that may be. */
const FILES = [
  { controller: 'memory', used: 'memory.usage_in_bytes', most: 'memory.limit_in_bytes' },
  { controller: '', used: 'memory.current', most: 'memory.max' },
];

/** Allows a container no more memory than it has now: the kernel ends it when it asks for more. */
export function allowNoMoreMemory({ id }: Container): void {
  const [pid] = processesOf(id);
  if (pid === undefined) throw new Error(`no process of container ${id}`);
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  for (const { controller, used, most } of FILES) {
    const own = lines
      .map((line) => line.split(':'))
      .find(([, names = '']) => names.split(',').includes(controller));
    const folder = own && join(ROOT, controller, own.slice(2).join(':'));
    if (folder === undefined || !existsSync(join(folder, used))) continue;
    writeFileSync(join(folder, most), readFileSync(join(folder, used), 'utf8').trim());
    return;
  }
  throw new Error(`no control group for the memory of container ${id}`);
}

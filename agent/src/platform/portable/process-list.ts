import psList from 'ps-list';
import type { ProcessLister } from '../platform.ts';

/** Processes by `ps-list`, for systems without a reader of their own. It knows no CPU time as a sum. */
export const portableLister: ProcessLister = {
  async list() {
    const processes = await psList();
    return processes.map((entry) => ({
      pid: entry.pid,
      parent: entry.ppid,
      start: 'startTime' in entry && entry.startTime instanceof Date ? entry.startTime.toISOString() : '',
      executable: 'path' in entry && typeof entry.path === 'string' ? entry.path : entry.name,
      cpuMs: null,
    }));
  },
};

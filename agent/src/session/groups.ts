/** A process that was recognised as part of an application. */
export interface MatchedProcess {
  pid: number;
  parent: number;
  start: string;
  application: number;
}
export interface ProcessGroup {
  /** `<pid>:<start>` of the process the run began with, and the application. */
  key: string;
  root: number;
  application: number;
  pids: number[];
}

/**
 * Gathers the processes of one run of an application: a process belongs to the run of its parent when both are the
 * same application. It stays there for life, so that a launcher that ends does not split the run, and a terminal
 * started from a shell in another terminal is a run of its own.
 */
export class ProcessGroups {
  readonly #groupOf = new Map<string, Group>();

  update(processes: readonly MatchedProcess[]): ProcessGroup[] {
    const byPid = new Map(processes.map((process) => [process.pid, process]));
    const alive = new Set(processes.map(identity));
    for (const known of this.#groupOf.keys()) if (!alive.has(known)) this.#groupOf.delete(known);
    const groups = new Map<string, ProcessGroup>();
    for (const process of processes) {
      const { key, root, application } = this.#find(process, byPid);
      const group = groups.get(key) ?? { key, root, application, pids: [] };
      group.pids.push(process.pid);
      groups.set(key, group);
    }
    return [...groups.values()];
  }

  #find(process: MatchedProcess, byPid: ReadonlyMap<number, MatchedProcess>): Group {
    const chain: MatchedProcess[] = [];
    let found: Group | undefined;
    let current: MatchedProcess | undefined = process;
    while (current !== undefined && !chain.includes(current)) {
      found = this.#groupOf.get(identity(current));
      if (found?.application === process.application) break;
      chain.push(current);
      found = undefined;
      const parent: MatchedProcess | undefined = byPid.get(current.parent);
      current = parent?.application === process.application ? parent : undefined;
    }
    const top = chain.at(-1) ?? process;
    const group = found ?? { key: identity(top), root: top.pid, application: process.application };
    for (const member of chain) this.#groupOf.set(identity(member), group);
    return group;
  }
}

type Group = Omit<ProcessGroup, 'pids'>;
const identity = ({ pid, start }: MatchedProcess): string => `${pid}:${start}`;

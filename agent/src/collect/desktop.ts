import type { AgentApplication, AgentConfig } from '@process-meter/contract';
import type { Platform, ProcessInfo, WindowInfo, WindowPicture } from '../platform/platform.ts';
import { ProcessGroups, type ProcessGroup } from '../session/groups.ts';
import { createMatcher, type Matcher } from '../session/match.ts';
import type { ObservedDocument, ObservedFocus, ObservedSession } from '../session/sample.ts';
import { WindowDocuments } from './documents/window-documents.ts';

export interface DesktopPicture {
  sessions: ObservedSession[];
  focus: ObservedFocus | null;
  /** A new window is still given time to load its file: look again soon. */
  unsettled: boolean;
}
interface RunningProcess extends ProcessInfo {
  application: AgentApplication;
  /** When it was first looked at, which is before its package was known. */
  seen: number;
}
type DesktopPlatform = Pick<Platform, 'bootId' | 'desktop' | 'documents' | 'packages' | 'onThisDesktop'>;

/** Makes the whole picture of monitored sessions out of windows and processes, by the rules in force. */
export class Desktop {
  readonly #platform: DesktopPlatform;
  readonly #documents: WindowDocuments;
  readonly #groups = new ProcessGroups();
  #config: AgentConfig | null = null;
  #matcher: Matcher = createMatcher([]);
  /** Application of each process, by pid and start: found once, and kept while the process lives. */
  readonly #matched = new Map<string, AgentApplication | null>();
  /** Processes whose package is being looked up, and since when. */
  readonly #waiting = new Map<string, number>();
  readonly #here = new Map<string, boolean>();
  readonly #firstSeen = new Map<string, number>();
  #cpu = new Map<string, { at: number; ms: number }>();
  /** The groups of the last picture with all their descendants, for the CPU share. */
  #lastGroups: { key: string; application: AgentApplication; pids: number[] }[] = [];

  constructor(platform: DesktopPlatform) {
    this.#platform = platform;
    this.#documents = new WindowDocuments(platform.documents);
  }

  configure(config: AgentConfig): void {
    this.#config = config;
    this.#matcher = createMatcher(config.applications);
    this.#matched.clear();
    this.#documents.clear();
  }

  /** Why some rules in force can match nothing here; empty when all can. */
  get reason(): string {
    return this.#matcher.needsOwner ? this.#platform.packages.reason : '';
  }

  async picture(
    windows: WindowPicture,
    processes: readonly ProcessInfo[],
    now: number,
  ): Promise<DesktopPicture> {
    const running = this.#recognise(processes, windows.windows, now);
    const groups = this.#groups.update(
      running.map(({ pid, parent, start, application }) => ({
        pid,
        parent,
        start,
        application: application.id,
      })),
    );
    this.#documents.prune(new Set(windows.windows.map(({ id }) => id)));
    const byPid = new Map(running.map((process) => [process.pid, process]));
    const sessions: ObservedSession[] = [];
    const documentOf = new Map<string, ObservedFocus>();
    let unsettled = false;
    this.#lastGroups = [];
    for (const group of groups) {
      const found = await this.#observe(group, { byPid, processes, windows: windows.windows, now });
      if (found === null) continue;
      unsettled ||= found.unsettled;
      sessions.push(found.session);
      for (const [window, document] of found.byWindow) {
        documentOf.set(window, { session: found.session.key, document });
      }
    }
    this.#forget(sessions);
    const focus = windows.focused === null ? null : (documentOf.get(windows.focused) ?? null);
    return { sessions, focus, unsettled };
  }

  /** One group of processes as a session; null when it is not of this desktop. */
  async #observe(
    group: ProcessGroup,
    scene: {
      byPid: ReadonlyMap<number, RunningProcess>;
      processes: readonly ProcessInfo[];
      windows: readonly WindowInfo[];
      now: number;
    },
  ): Promise<{ session: ObservedSession; byWindow: Map<string, string>; unsettled: boolean } | null> {
    const first = scene.byPid.get(group.pids[0] ?? 0);
    if (first === undefined) return null;
    const { application } = first;
    const own = scene.windows.filter(({ pid }) => pid !== null && group.pids.includes(pid));
    if (own.length === 0 && !(await this.#belongsHere(group))) return null;
    const key = `${this.#platform.bootId}/${group.key}/${application.id}`;
    const pids = descendants(group.pids, scene.processes);
    this.#lastGroups.push({ key, application, pids });
    const { documents, ...found } = await this.#documentsOf(own, { pids, application, now: scene.now });
    const { executable } = scene.byPid.get(group.root) ?? first;
    const since = this.#since(key, first.seen);
    return {
      session: { key, application: application.id, pid: group.root, executable, since, documents },
      ...found,
    };
  }

  /** Keys of the sessions that used more CPU since the last call than their application allows as idle. */
  busy(processes: readonly ProcessInfo[], now: number): Set<string> {
    const used = new Map(processes.map(({ pid, cpuMs }) => [pid, cpuMs ?? 0]));
    const busy = new Set<string>();
    const next = new Map<string, { at: number; ms: number }>();
    for (const { key, application, pids } of this.#lastGroups) {
      if (!application.countBusyAsActive) continue;
      const ms = pids.reduce((sum, pid) => sum + (used.get(pid) ?? 0), 0);
      const before = this.#cpu.get(key);
      next.set(key, { at: now, ms });
      if (before === undefined || now <= before.at) continue;
      if ((ms - before.ms) / (now - before.at) > application.busyCpuShare) busy.add(key);
    }
    this.#cpu = next;
    return busy;
  }

  #recognise(
    processes: readonly ProcessInfo[],
    windows: readonly WindowInfo[],
    now: number,
  ): RunningProcess[] {
    const classes = classesByPid(windows);
    const alive = new Set<string>();
    const running: RunningProcess[] = [];
    for (const process of processes) {
      const id = `${process.pid}:${process.start}:${process.executable}`;
      alive.add(id);
      const application = this.#applicationOf(id, process, { classes: classes.get(process.pid) ?? [], now });
      if (application !== null) running.push({ ...process, application, seen: this.#waiting.get(id) ?? now });
    }
    keepOnly(alive, this.#matched);
    keepOnly(alive, this.#waiting);
    return running;
  }

  /** A process that was recognised by one of its windows stays so when the window closes. */
  #applicationOf(
    id: string,
    process: ProcessInfo,
    { classes, now }: { classes: readonly string[]; now: number },
  ): AgentApplication | null {
    const known = this.#matched.get(id);
    if (known !== undefined && (known !== null || classes.length === 0)) return known;
    const owner = this.#matcher.needsOwner ? this.#platform.packages.ownerOf(process.executable) : null;
    if (owner === undefined) {
      // Looked up in the background: the next look at the desktop knows it.
      this.#waiting.set(id, this.#waiting.get(id) ?? now);
      return null;
    }
    const of = owner ?? { package: null, publisher: null };
    const application = this.#matcher.match({
      executable: process.executable,
      windowClasses: classes,
      ...of,
    });
    this.#matched.set(id, application);
    return application;
  }

  async #documentsOf(
    windows: readonly WindowInfo[],
    context: { pids: readonly number[]; application: AgentApplication; now: number },
  ): Promise<{ documents: ObservedDocument[]; byWindow: Map<string, string>; unsettled: boolean }> {
    const rules = { ...context.application, hashKey: this.#config?.hashKey ?? '' };
    const documents = new Map<string, ObservedDocument>();
    const byWindow = new Map<string, string>();
    let unsettled = false;
    const ids = new Set(windows.map(({ id }) => id));
    const isDialog = ({ dialogOf }: WindowInfo): boolean => dialogOf !== null && ids.has(dialogOf);
    for (const window of windows.filter((candidate) => !isDialog(candidate))) {
      const document = await this.#documents.of(window, context.pids, { rules, now: context.now });
      if (document === null) unsettled = true;
      else {
        documents.set(document.key, documents.get(document.key) ?? document);
        byWindow.set(window.id, document.key);
      }
    }
    // What happens in a dialog happens to the document of its window.
    for (const window of windows.filter(isDialog)) {
      const key = byWindow.get(window.dialogOf ?? '');
      if (key !== undefined) byWindow.set(window.id, key);
    }
    return { documents: [...documents.values()], byWindow, unsettled };
  }

  async #belongsHere(group: ProcessGroup): Promise<boolean> {
    const key = `${this.#platform.desktop}/${group.key}`;
    const known = this.#here.get(key);
    if (known !== undefined) return known;
    const here = await this.#platform.onThisDesktop(group.root);
    this.#here.set(key, here);
    return here;
  }

  #since(key: string, now: number): number {
    const since = this.#firstSeen.get(key) ?? now;
    this.#firstSeen.set(key, since);
    return since;
  }

  #forget(sessions: readonly ObservedSession[]): void {
    const keys = new Set(sessions.map(({ key }) => key));
    for (const key of this.#firstSeen.keys()) if (!keys.has(key)) this.#firstSeen.delete(key);
    if (this.#here.size > 10_000) this.#here.clear();
  }
}

function classesByPid(windows: readonly WindowInfo[]): Map<number, string[]> {
  const classes = new Map<number, string[]>();
  for (const { pid, className } of windows)
    if (pid !== null) classes.set(pid, [...(classes.get(pid) ?? []), className]);
  return classes;
}

function keepOnly(ids: ReadonlySet<string>, map: Map<string, unknown>): void {
  for (const id of map.keys()) if (!ids.has(id)) map.delete(id);
}

/** The processes and all that they started: a solver runs under another name than its user interface. */
function descendants(roots: readonly number[], processes: readonly ProcessInfo[]): number[] {
  const children = new Map<number, number[]>();
  for (const { pid, parent } of processes) children.set(parent, [...(children.get(parent) ?? []), pid]);
  const found = new Set(roots);
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
  return [...found];
}

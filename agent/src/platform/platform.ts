/** What the collector needs of an operating system. One folder beside this file per system. */

export interface WindowInfo {
  id: string;
  /** Process that owns the window; null when it runs on another computer or is not told. */
  pid: number | null;
  title: string;
  /** WM_CLASS (class part), Windows window class, macOS bundle id. */
  className: string;
  /** The window this one is a dialog of. */
  dialogOf: string | null;
  /** When it was first seen, on the agent's timeline. */
  since: number;
}
export interface WindowPicture {
  windows: readonly WindowInfo[];
  focused: string | null;
}
export interface WindowSource {
  picture(): WindowPicture;
  /** ms since the last input on this desktop; null when it cannot be told. */
  idle(): Promise<number | null>;
  close(): void;
}
export interface WindowEvents {
  /** Something in the picture changed; at most once per debounce time. */
  changed(): void;
  /** The source ended by itself: the display is gone. */
  lost(): void;
}

export interface ProcessInfo {
  pid: number;
  parent: number;
  /** Differs for two processes that had the same pid one after the other. */
  start: string;
  /** Full path where readable, else the short name. */
  executable: string;
  /** CPU time used so far, ms; null when unknown. */
  cpuMs: number | null;
}
export interface ProcessLister {
  list(): Promise<ProcessInfo[]>;
}

export interface FileCandidate {
  path: string;
  /** Where it was found. */
  from: 'fd' | 'swap' | 'argument' | 'recent' | 'title';
}
export interface DocumentSource {
  /** Files a process (with its descendants) may have open. */
  candidates(pids: readonly number[], title: string): Promise<FileCandidate[]>;
}

export interface PackageOwner {
  package: string;
  /** Vendor or maintainer of the package; null when it names none. */
  publisher: string | null;
}
export interface PackageSource {
  /** Why owners cannot be known; empty when they can. */
  reason: string;
  /** Answers at once: undefined while it is being looked up, null when no package owns the executable. */
  ownerOf(executable: string): PackageOwner | null | undefined;
}

export interface LockState {
  locked: boolean;
  disconnected: boolean;
}
export interface LockSource {
  /** Why the lock state cannot be known; empty when it can. */
  reason: string;
  read(): Promise<LockState>;
}

export interface Platform {
  /** Such as `linux-x64`. */
  name: string;
  /** Name of the desktop session in records, such as `:0`; empty while there is none. Another display may come later. */
  readonly desktop: string;
  bootId: string;
  /** Windows of the desktop; rejects with a sentence for people when there is none. */
  openWindows(events: WindowEvents, clock: () => number): Promise<WindowSource>;
  /** Kind of desktop: `x11`, `wayland`, `vnc`, `rdp`, `headless`. */
  desktopKind(): Promise<string>;
  processes: ProcessLister;
  /** True when a process without a window belongs to this desktop. */
  onThisDesktop(pid: number): Promise<boolean>;
  documents: DocumentSource;
  packages: PackageSource;
  openLock(): Promise<LockSource>;
  /** Rejects when the input hook must not be started now. */
  hookPreflight(): Promise<void>;
  /** Environment the input hook needs to find the desktop. */
  hookEnvironment(): NodeJS.ProcessEnv;
}

import { performance } from 'node:perf_hooks';
import { uptime } from 'node:os';
import { CAUSE, type AgentConfig } from '@process-meter/contract';
import type { Log } from '../log.ts';
import type { LockSource, Platform, ProcessInfo, WindowSource } from '../platform/platform.ts';
import type { RecordDraft, Sample } from '../session/sample.ts';
import { createTimeline, type ClockReading, type Timeline } from '../session/timeline.ts';
import { Desktop } from './desktop.ts';
import { InputClock } from './input-clock.ts';
import { superviseHook, type HookSupervisor } from './hook/supervisor.ts';

export interface CollectorDeps {
  platform: Platform;
  /** Takes a sample into the state machine, whatever comes of it. */
  sample: (sample: Sample) => void;
  record: (draft: RecordDraft) => void;
  /** True when the next input changes a state. */
  awaitsInput: () => boolean;
  log: Log;
  clocks?: () => ClockReading;
}

const TICK_MS = 1000;
const FINE_MS = 250;
const SCAN_EVERY = 5;
const LOCK_EVERY = 3;
const RETRY_MS = 3000;
/** The operating system saw input this often while the hook saw none: the hook is blind. */
const BLIND_AFTER = 10;

const systemClocks = (): ClockReading => ({
  wall: Date.now(),
  monotonic: performance.now(),
  boot: uptime() * 1000,
});

/** Watches the desktop and turns what it sees into samples. */
export class Collector {
  readonly #deps: CollectorDeps;
  readonly #clocks: () => ClockReading;
  readonly #timeline: Timeline;
  readonly #desktop: Desktop;
  readonly #inputClock = new InputClock();
  #windows: WindowSource | null = null;
  #hook: HookSupervisor | null = null;
  #lock: LockSource | null = null;
  #locked: number | null = null;
  #processes: ProcessInfo[] = [];
  #busy = new Set<string>();
  #hookInputAt: number | null = null;
  #blind = 0;
  #lastIdleInput = 0;
  #capability = '';
  #reason = '';
  #ticks = 0;
  #stopped = false;
  #configured = false;
  #connecting = false;
  #timers: NodeJS.Timeout[] = [];
  /** Pictures and ticks are taken one after another, so that samples come in order. */
  #work: Promise<void> = Promise.resolve();

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
    this.#clocks = deps.clocks ?? systemClocks;
    this.#timeline = createTimeline(this.#clocks());
    this.#desktop = new Desktop(deps.platform);
  }

  /** Now on the agent's timeline, ms UTC. */
  now(): number {
    return this.#timeline.instant(this.#clocks());
  }

  async start(): Promise<void> {
    this.#lock = await this.#deps.platform.openLock();
    await this.#connect();
    this.#timers.push(
      setInterval(() => this.#queue(() => this.#tick()), TICK_MS),
      setInterval(() => this.#queue(() => this.#fineTick()), FINE_MS),
      setInterval(() => void this.#connect(), RETRY_MS),
    );
  }

  configure(config: AgentConfig): void {
    this.#queue(async () => {
      this.#desktop.configure(config);
      this.#configured = true;
      const { revision, applications } = config;
      this.#deps.sample({ kind: 'config', at: this.now(), revision, applications });
      await this.#scan();
      await this.#show();
      await this.#tellCapability();
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#hook?.stop();
    await this.#work;
    this.#windows?.close();
  }

  #queue(work: () => Promise<void>): void {
    this.#work = this.#work
      .then(work)
      .catch((error: unknown) => this.#deps.log.warn({ err: error }, 'a look at the desktop failed'));
  }

  async #connect(): Promise<void> {
    if (this.#windows !== null || this.#stopped || this.#connecting) return;
    this.#connecting = true;
    try {
      this.#windows = await this.#deps.platform.openWindows(
        {
          changed: () => this.#queue(() => this.#show()),
          lost: () => this.#queue(() => this.#onLost()),
        },
        () => this.now(),
      );
      this.#reason = '';
      this.#hook ??= superviseHook({
        preflight: () => this.#deps.platform.hookPreflight(),
        environment: () => this.#deps.platform.hookEnvironment(),
        input: ({ kb, ms }) => {
          if (kb || ms) this.#hookInputAt = this.now();
        },
        changed: () => void this.#tellCapability(),
        log: this.#deps.log,
      });
      this.#queue(async () => {
        await this.#scan();
        await this.#show();
      });
    } catch (error) {
      this.#reason = error instanceof Error ? error.message : 'The desktop cannot be opened.';
    } finally {
      this.#connecting = false;
    }
    await this.#tellCapability();
  }

  async #onLost(): Promise<void> {
    if (this.#windows === null || this.#stopped) return;
    this.#windows = null;
    this.#deps.log.warn({}, 'the display is lost');
    this.#deps.sample({ kind: 'interruption', cause: CAUSE.displayLost });
    this.#reason = 'The X display went away.';
    await this.#tellCapability();
  }

  async #scan(): Promise<void> {
    this.#processes = await this.#deps.platform.processes.list();
    this.#busy = this.#desktop.busy(this.#processes, this.now());
  }

  /** Takes the whole picture, after the input that came before it. */
  async #show(): Promise<void> {
    // After a stall or sleep an event may come before the tick that tells: what lies between is not known.
    if (this.#interrupted()) return this.#tick();
    const windows = this.#windows;
    if (windows === null || !this.#configured || this.#stopped) return;
    const picture = windows.picture();
    const known = new Set(this.#processes.map(({ pid }) => pid));
    if (picture.windows.some(({ pid }) => pid !== null && !known.has(pid))) await this.#scan();
    const at = this.now();
    const lastInput = await this.#input(windows);
    this.#deps.sample({ kind: 'tick', at, lastInput, busy: this.#busy });
    const { sessions, focus } = await this.#desktop.picture(picture, this.#processes, at);
    if (this.#windows !== windows) return;
    this.#deps.sample({ kind: 'desktop', at, sessions, focus });
  }

  async #tick(): Promise<void> {
    const { at, interruption } = this.#timeline.tick(this.#clocks());
    if (interruption !== null) {
      this.#deps.log.warn({ cause: interruption }, 'watching was interrupted');
      this.#deps.sample({ kind: 'interruption', cause: interruption });
      // Instants from before may lie in the future now.
      this.#inputClock.forget();
      this.#hookInputAt = null;
      this.#lastIdleInput = 0;
      await this.#scan();
      await this.#show();
      return;
    }
    this.#ticks += 1;
    if (this.#ticks % LOCK_EVERY === 0) await this.#readLock(at);
    if (this.#ticks % SCAN_EVERY === 0) await this.#scan();
    await this.#show();
  }

  #interrupted(): boolean {
    return this.#timeline.interruption(this.#clocks()) !== null;
  }

  async #fineTick(): Promise<void> {
    if (this.#interrupted()) return this.#tick();
    const windows = this.#windows;
    if (windows === null || this.#stopped || !this.#deps.awaitsInput()) return;
    const lastInput = await this.#input(windows);
    this.#deps.sample({ kind: 'tick', at: this.now(), lastInput, busy: this.#busy });
  }

  /** Instant of the last input: exact from the idle time, else to the second from the hook. */
  async #input(windows: WindowSource): Promise<number | null> {
    const asked = { monotonic: this.#clocks().monotonic, at: this.now() };
    const idle = await windows.idle();
    if (idle === null) return this.#hookInputAt;
    const at = this.#inputClock.read(asked, idle);
    this.#watchHook(at);
    return at;
  }

  #watchHook(idleInput: number): void {
    if (idleInput - this.#lastIdleInput < TICK_MS) return;
    this.#lastIdleInput = idleInput;
    const silent = this.#hookInputAt === null || idleInput - this.#hookInputAt > 3 * TICK_MS;
    this.#blind = silent && this.#hook?.running() === true ? this.#blind + 1 : 0;
    if (this.#blind < BLIND_AFTER) return;
    this.#blind = 0;
    this.#deps.log.warn({}, 'the input hook sees nothing; it is started again');
    this.#hook?.restart();
  }

  async #readLock(at: number): Promise<void> {
    const state = await this.#lock?.read().catch(() => null);
    if (state === null || state === undefined) return;
    const unlocked = state.disconnected ? CAUSE.disconnected : null;
    const cause = state.locked ? CAUSE.locked : unlocked;
    if (cause === this.#locked) return;
    this.#locked = cause;
    this.#deps.sample({ kind: 'lock', at, cause });
  }

  async #tellCapability(): Promise<void> {
    const capability = capabilityOf({
      desktop: await this.#deps.platform.desktopKind(),
      watching: this.#windows !== null,
      hook: this.#hook?.running() === true,
      reasons: this.#windows === null ? [this.#reason] : [this.#lock?.reason ?? '', this.#desktop.reason],
    });
    const text = JSON.stringify(capability);
    if (text === this.#capability) return;
    this.#capability = text;
    this.#deps.record({ kind: 'capability', at: this.now(), ...capability });
  }
}

type Capability = Omit<Extract<RecordDraft, { kind: 'capability' }>, 'kind' | 'at'>;
const REASON_MAX = 400;

/** What can be measured here, and one sentence for people where something cannot. */
function capabilityOf(state: {
  desktop: string;
  watching: boolean;
  hook: boolean;
  reasons: readonly string[];
}): Capability {
  const wayland =
    state.desktop === 'wayland'
      ? 'This desktop runs on Wayland, which tells a program nothing of windows and input meant for others.'
      : '';
  const reason = [wayland, ...state.reasons]
    .filter((part) => part !== '')
    .join(' ')
    .slice(0, REASON_MAX);
  if (!state.watching)
    return { input: 'none', window: 'none', documents: 'none', desktop: state.desktop, reason };
  return {
    input: state.hook ? 'hook+idle' : 'idle',
    window: 'x11',
    documents: 'proc',
    desktop: state.desktop,
    reason,
  };
}

import { hostname } from 'node:os';
import type { WindowEvents, WindowInfo, WindowPicture, WindowSource } from '../platform.ts';
import { decodeCardinals, decodeClass, decodeText } from './x11-text.ts';
import { connectX, type XConnection } from './x11-connection.ts';

const ATOMS = [
  '_NET_ACTIVE_WINDOW',
  '_NET_CLIENT_LIST',
  '_NET_SUPPORTING_WM_CHECK',
  '_NET_WM_NAME',
  '_NET_WM_VISIBLE_NAME',
  'WM_NAME',
  'WM_CLASS',
  'WM_CLIENT_MACHINE',
  'WM_TRANSIENT_FOR',
  '_NET_WM_PID',
] as const;
type AtomName = (typeof ATOMS)[number];
type Atoms = Record<AtomName, number>;

const PROPERTY_CHANGE = 0x0040_0000;
/** A change of focus first names no window for about 13 ms; titles change in bursts. */
const DEBOUNCE_MS = 150;
const NO_MANAGER_POLL_MS = 1000;
const VIEWABLE = 2;

/** Windows of an X11 desktop by events; nothing is polled while a window manager runs. */
export async function openX11Windows(
  display: string,
  events: WindowEvents,
  clock: () => number,
): Promise<WindowSource> {
  let source: X11Windows | null = null;
  const connection = await connectX(display, () => source?.lost());
  const found = await Promise.all(ATOMS.map((name) => connection.atom(name)));
  const atoms = Object.fromEntries(ATOMS.map((name, i) => [name, found[i] ?? 0])) as Atoms;
  source = new X11Windows(connection, { atoms, events, clock });
  await source.start();
  return source;
}

class X11Windows implements WindowSource {
  readonly #x: XConnection;
  readonly #atoms: Atoms;
  readonly #events: WindowEvents;
  readonly #clock: () => number;
  readonly #windows = new Map<number, WindowInfo>();
  #focused: number | null = null;
  #managed = true;
  #closed = false;
  #timer: NodeJS.Timeout | null = null;
  #poll: NodeJS.Timeout | null = null;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(x: XConnection, deps: { atoms: Atoms; events: WindowEvents; clock: () => number }) {
    this.#x = x;
    this.#atoms = deps.atoms;
    this.#events = deps.events;
    this.#clock = deps.clock;
  }

  async start(): Promise<void> {
    this.#x.onEvent((event) => {
      if (event.name === 'PropertyNotify' && event.atom !== undefined)
        this.#onProperty(event.wid, event.atom);
    });
    this.#x.client.ChangeWindowAttributes(this.#x.root, { eventMask: PROPERTY_CHANGE });
    await this.#refreshAll();
    this.#poll = setInterval(() => {
      if (!this.#managed) this.#schedule(() => this.#refreshAll());
    }, NO_MANAGER_POLL_MS);
  }

  picture(): WindowPicture {
    const focused = this.#focused === null ? undefined : this.#windows.get(this.#focused);
    return { windows: [...this.#windows.values()], focused: focused?.id ?? null };
  }

  async idle(): Promise<number | null> {
    const saver = this.#x.screenSaver;
    if (saver === null) return null;
    const info = await this.#x.ask<{ idle: number }>((reply) => saver.QueryInfo(this.#x.root, reply));
    return info.idle;
  }

  close(): void {
    this.#closed = true;
    this.#stopTimers();
    this.#x.close();
  }

  lost(): void {
    this.#stopTimers();
    if (!this.#closed) this.#events.lost();
    this.#closed = true;
  }

  #stopTimers(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#poll !== null) clearInterval(this.#poll);
  }

  #onProperty(window: number, atom: number): void {
    const { _NET_ACTIVE_WINDOW, _NET_CLIENT_LIST, _NET_SUPPORTING_WM_CHECK } = this.#atoms;
    if (window === this.#x.root) {
      if (atom === _NET_ACTIVE_WINDOW) this.#schedule(() => this.#refreshFocus());
      if (atom === _NET_CLIENT_LIST || atom === _NET_SUPPORTING_WM_CHECK)
        this.#schedule(() => this.#refreshAll());
      return;
    }
    const { _NET_WM_NAME, _NET_WM_VISIBLE_NAME, WM_NAME, WM_CLASS, WM_TRANSIENT_FOR } = this.#atoms;
    if ([_NET_WM_NAME, _NET_WM_VISIBLE_NAME, WM_NAME, WM_CLASS, WM_TRANSIENT_FOR].includes(atom))
      this.#schedule(() => this.#refreshWindow(window));
  }

  /** Runs refreshes one after another; an X error means that the window is gone, which the next event tells. */
  #schedule(refresh: () => Promise<void>): void {
    this.#refreshing = this.#refreshing
      .then(() => (this.#closed ? undefined : refresh()))
      .catch(() => undefined);
  }

  async #refreshAll(): Promise<void> {
    this.#managed = (await this.#x.property(this.#x.root, this.#atoms._NET_SUPPORTING_WM_CHECK)) !== null;
    const listed = this.#managed ? await this.#managedWindows() : await this.#topLevelWindows();
    const ids = new Set(listed);
    for (const id of this.#windows.keys()) if (!ids.has(id)) this.#windows.delete(id);
    for (const id of listed) {
      if (this.#windows.has(id)) continue;
      this.#x.client.ChangeWindowAttributes(id, { eventMask: PROPERTY_CHANGE });
      await this.#refreshWindow(id).catch(() => undefined);
    }
    await this.#refreshFocus();
    this.#changed(false);
  }

  async #managedWindows(): Promise<number[]> {
    const list = await this.#x.property(this.#x.root, this.#atoms._NET_CLIENT_LIST);
    return list === null ? [] : decodeCardinals(list.data);
  }

  /** Without a window manager: the visible children of the root that want to be managed. */
  async #topLevelWindows(): Promise<number[]> {
    const tree = await this.#x.ask<{ children: number[] }>((reply) =>
      this.#x.client.QueryTree(this.#x.root, reply),
    );
    const visible = tree.children.map(async (id) => {
      const attributes = await this.#x
        .ask<{ overrideRedirect: number; mapState: number }>((reply) =>
          this.#x.client.GetWindowAttributes(id, reply),
        )
        .catch(() => null);
      return attributes?.mapState === VIEWABLE && attributes.overrideRedirect === 0 ? [id] : [];
    });
    return (await Promise.all(visible)).flat();
  }

  async #refreshWindow(id: number): Promise<void> {
    const known = this.#windows.get(id);
    const [title, classes, transient] = await Promise.all([
      this.#title(id),
      this.#x.property(id, this.#atoms.WM_CLASS),
      this.#x.property(id, this.#atoms.WM_TRANSIENT_FOR),
    ]);
    const owner = transient === null ? undefined : decodeCardinals(transient.data)[0];
    this.#windows.set(id, {
      id: String(id),
      pid: known?.pid ?? (await this.#pid(id)),
      title,
      className: classes === null ? '' : decodeClass(classes.data),
      dialogOf: owner === undefined || owner === 0 ? null : String(owner),
      since: known?.since ?? this.#clock(),
    });
    this.#changed(true);
  }

  async #title(id: number): Promise<string> {
    for (const name of ['_NET_WM_NAME', '_NET_WM_VISIBLE_NAME', 'WM_NAME'] as const) {
      const property = await this.#x.property(id, this.#atoms[name]);
      if (property !== null && property.data.length > 0) return decodeText(property.data);
    }
    return '';
  }

  /** XRes tells the true pid; `_NET_WM_PID` is what the client says (2 inside a flatpak), and only counts on this host. */
  async #pid(id: number): Promise<number | null> {
    const { resources } = this.#x;
    if (resources !== null) {
      const mask = resources.ClientIdMask.LocalClientPID;
      const ids = await this.#x
        .ask<{ value: number[] }[]>((reply) => resources.QueryClientIds([{ client: id, mask }], reply))
        .catch(() => []);
      const pid = ids.find((entry) => (entry.value[0] ?? 0) > 0)?.value[0];
      if (pid !== undefined) return pid;
    }
    const machine = await this.#x.property(id, this.#atoms.WM_CLIENT_MACHINE);
    if (machine !== null && decodeText(machine.data) !== hostname()) return null;
    const property = await this.#x.property(id, this.#atoms._NET_WM_PID);
    return property === null ? null : (decodeCardinals(property.data)[0] ?? null);
  }

  async #refreshFocus(): Promise<void> {
    const before = this.#focused;
    this.#focused = this.#managed ? await this.#activeWindow() : await this.#inputFocus();
    if (before !== this.#focused) this.#changed(this.#focused === null);
  }

  async #activeWindow(): Promise<number | null> {
    const active = await this.#x.property(this.#x.root, this.#atoms._NET_ACTIVE_WINDOW);
    const id = active === null ? undefined : decodeCardinals(active.data)[0];
    return id === undefined || id === 0 ? null : id;
  }

  /** The top-level window that holds the input focus, which may itself be a child of it. */
  async #inputFocus(): Promise<number | null> {
    const { focus } = await this.#x.ask<{ focus: number }>((reply) => this.#x.client.GetInputFocus(reply));
    let id = focus;
    for (let depth = 0; id > 1 && depth < 20; depth += 1) {
      if (this.#windows.has(id)) return id;
      const window = id;
      const tree = await this.#x.ask<{ parent: number }>((reply) => this.#x.client.QueryTree(window, reply));
      id = tree.parent;
    }
    return null;
  }

  /** A window that got the focus is told at once, so that input is counted where it happens; the rest can wait. */
  #changed(wait: boolean): void {
    if (!wait) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
      this.#events.changed();
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      if (!this.#closed) this.#events.changed();
    }, DEBOUNCE_MS);
  }
}

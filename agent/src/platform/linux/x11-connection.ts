import { access } from 'node:fs/promises';
import { connect } from 'node:net';
import x11, {
  type Property,
  type Reply,
  type ResourceExtension,
  type ScreenSaverExtension,
  type XClient,
  type XEvent,
} from 'x11';

/** An X connection with promises that also settle when the server dies. */
export interface XConnection {
  root: number;
  client: XClient;
  screenSaver: ScreenSaverExtension | null;
  resources: ResourceExtension | null;
  atom(name: string): Promise<number>;
  property(window: number, atom: number): Promise<Property | null>;
  /** Sends a request; rejects on an X error, and when the connection is lost. */
  ask<T>(request: (reply: Reply<T>) => void): Promise<T>;
  onEvent(listener: (event: XEvent) => void): void;
  close(): void;
}

const CONNECT_TIMEOUT_MS = 5000;
const ANSWER_TIMEOUT_MS = 5000;
const ANY_TYPE = 0;
const MAX_PROPERTY_WORDS = 16_384;

/** Path of the local socket of a display such as `:5` or `:5.0`; null when the display is on another host. */
export function displaySocket(display: string): string | null {
  const local = /^(?:unix)?:(\d+)(?:\.\d+)?$/.exec(display);
  return local === null ? null : `/tmp/.X11-unix/X${local[1] ?? ''}`;
}

/** Rejects when nothing listens: npm `x11` would try TCP, and uiohook would abort or hang its process. */
export async function preflight(display: string): Promise<void> {
  const path = displaySocket(display);
  if (path === null) return;
  await access(path);
  await new Promise<void>((resolve, reject) => {
    const socket = connect(path);
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => socket.destroy(new Error('the X server does not answer')));
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}

/** Connects to an X server. `lost` is called once when the connection ends, also after {@link XConnection.close}. */
export async function connectX(display: string, lost: () => void): Promise<XConnection> {
  await preflight(display);
  const pending = new Set<(error: Error) => void>();
  let ended = false;
  const end = (): void => {
    if (ended) return;
    ended = true;
    for (const reject of pending) reject(new Error('the connection to the X server was lost'));
    pending.clear();
    lost();
  };
  const { client, root } = await openClient(display, end);
  const ask = <T>(request: (reply: Reply<T>) => void): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      if (ended) return reject(new Error('the connection to the X server was lost'));
      const timer = setTimeout(() => fail(new Error('the X server does not answer')), ANSWER_TIMEOUT_MS);
      const fail = (error: Error): void => {
        clearTimeout(timer);
        pending.delete(fail);
        reject(error);
      };
      pending.add(fail);
      request((error, value) => {
        clearTimeout(timer);
        pending.delete(fail);
        if (error) reject(error);
        else resolve(value);
        return true;
      });
    });
  const screenSaver = await extension<ScreenSaverExtension>((done) => client.require('screen-saver', done));
  const resources = await extension<ResourceExtension>((done) => client.require('res', done));
  return {
    root,
    client,
    screenSaver,
    resources,
    ask,
    atom: (name) => ask((reply) => client.InternAtom(false, name, reply)),
    async property(window, atom) {
      const found = await ask<Property>((reply) =>
        client.GetProperty(0, window, atom, ANY_TYPE, 0, MAX_PROPERTY_WORDS, reply),
      );
      return found.type === 0 ? null : found;
    },
    onEvent: (listener) => void client.on('event', listener),
    close: () => {
      client.terminate();
      end();
    },
  };
}

function openClient(display: string, end: () => void): Promise<{ client: XClient; root: number }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error('the X server does not finish its greeting'));
      client.terminate();
    }, CONNECT_TIMEOUT_MS);
    const client = x11.createClient({ display, shm: false, disableBigRequests: true }, (error, ready) => {
      clearTimeout(timer);
      const root = error === undefined ? ready.screen[0]?.root : undefined;
      if (error !== undefined) reject(error);
      else if (root === undefined) reject(new Error('the X server has no screen'));
      else {
        // The library has one table of atoms for all connections, but each X server gives numbers of its own.
        client.atoms = { ...client.atoms };
        resolve({ client, root });
      }
    });
    // Without this listener a window that closes between event and query ends the process (agent.md §2). The errors
    // themselves reach whoever asked.
    client.on('error', (error: NodeJS.ErrnoException) => {
      if (error.syscall !== undefined || error.code === 'EPIPE') end();
    });
    client.on('end', end);
  });
}

function extension<T>(require: (done: (error: Error | null, found: T) => void) => void): Promise<T | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), ANSWER_TIMEOUT_MS);
    require((error, found) => {
      clearTimeout(timer);
      resolve(error === null ? found : null);
    });
  });
}

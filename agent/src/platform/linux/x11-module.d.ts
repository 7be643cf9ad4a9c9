/** The part of npm `x11` (which ships no types) that is used here. */
declare module 'x11' {
  import type { EventEmitter } from 'node:events';

  export type Reply<T> = (error: Error | null | undefined, value: T) => boolean | undefined;
  export interface Property {
    type: number;
    format: number;
    bytesAfter: number;
    data: Buffer;
  }
  export interface XEvent {
    name: string;
    wid: number;
    atom?: number;
  }
  export interface ScreenSaverExtension {
    QueryInfo(drawable: number, reply: Reply<{ state: number; idle: number }>): void;
  }
  export interface ResourceExtension {
    ClientIdMask: { LocalClientPID: number };
    QueryClientIds(
      specs: { client: number; mask: number }[],
      reply: Reply<{ client: number; mask: number; value: number[] }[]>,
    ): void;
  }
  export interface XClient extends EventEmitter {
    /** Numbers of atoms by name, as this server gave them. */
    atoms: Record<string, number>;
    InternAtom(onlyIfExists: boolean, name: string, reply: Reply<number>): void;
    ChangeWindowAttributes(window: number, values: { eventMask: number }): void;
    // Six parameters because that is the protocol's request.
    GetProperty(
      remove: number,
      window: number,
      name: number,
      type: number,
      offset: number,
      length: number,
      reply: Reply<Property>,
    ): void;
    QueryTree(window: number, reply: Reply<{ root: number; parent: number; children: number[] }>): void;
    GetWindowAttributes(window: number, reply: Reply<{ overrideRedirect: number; mapState: number }>): void;
    GetInputFocus(reply: Reply<{ focus: number }>): void;
    require(
      name: 'screen-saver',
      reply: (error: Error | null, extension: ScreenSaverExtension) => void,
    ): void;
    require(name: 'res', reply: (error: Error | null, extension: ResourceExtension) => void): void;
    terminate(): void;
  }
  export interface XDisplay {
    screen: { root: number }[];
    client: XClient;
    vendor?: string;
  }
  interface X11 {
    createClient(
      options: { display: string; shm: boolean; disableBigRequests: boolean },
      ready: (error: Error | undefined, display: XDisplay) => void,
    ): XClient;
  }
  const x11: X11;
  export default x11;
}

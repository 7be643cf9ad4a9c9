import type { Socket } from 'node:net';

/** A connection of an operator. */
export interface Line {
  readonly socket: Socket;
  /** Nothing comes through any more, and no side is told. */
  silent: boolean;
  /** It carries a watch. */
  watches: boolean;
}

/** Those that are open, by the port of the operator's end: what TLS makes of a socket does not tell which it was. */
export class Lines {
  readonly #open = new Map<number, Line>();

  add(socket: Socket, silent: boolean): void {
    const port = socket.remotePort ?? 0;
    const line = { socket, silent, watches: false };
    this.#open.set(port, line);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      if (this.#open.get(port) === line) this.#open.delete(port);
    });
  }

  /** The one that a request came on; undefined when it is over. */
  of(socket: Socket): Line | undefined {
    return this.#open.get(socket.remotePort ?? 0);
  }

  silence(which: 'all' | 'watches'): void {
    for (const line of this.#open.values()) if (which === 'all' || line.watches) line.silent = true;
  }

  reset(): void {
    for (const { socket } of this.#open.values()) socket.resetAndDestroy();
  }
}

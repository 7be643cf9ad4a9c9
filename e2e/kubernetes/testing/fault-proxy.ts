import { once } from 'node:events';
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer as createTlsServer, request as send } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Lines, type Line } from './fault-lines.ts';
import { refuse, relay, type Fault, type Way } from './faults.ts';

/** A request that came to the proxy, and what became of it. */
export interface Seen {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly watch: boolean;
  readonly fault: Fault | undefined;
  /** Of the answer; of a watch that began with an error, the code of that. Left out when none came. */
  status?: number;
}

export type Choose = (request: Pick<Seen, 'method' | 'path' | 'watch'>) => Fault | undefined;

export interface FaultProxyOptions {
  /** Where the API server is. */
  url: string;
  /** PEM of the authority of its certificate. */
  ca: string;
  /** What the proxy itself shows, PEM. */
  certificate: { cert: string; key: string };
}

/**
 * The network between one operator and the API server: HTTP/1.1 over TLS, bearer tokens pass through. At first nothing
 * goes wrong.
 */
export class FaultProxy {
  readonly seen: Seen[] = [];
  readonly #options: FaultProxyOptions;
  readonly #agent: Agent;
  readonly #lines = new Lines();
  readonly #front: Server;
  #choose: Choose = () => undefined;
  #frozen: 'all' | 'watches' | undefined;

  constructor(options: FaultProxyOptions) {
    this.#options = options;
    this.#agent = new Agent({ ca: options.ca, keepAlive: true });
    // It never closes a connection by itself: what goes wrong is said by the test.
    const own = { ...options.certificate, keepAliveTimeout: 0, requestTimeout: 0 };
    const secure = createTlsServer(own, (request, response) => void this.#serve(request, response));
    secure.on('tlsClientError', () => undefined);
    this.#front = createServer((socket) => {
      const silent = this.#frozen === 'all';
      this.#lines.add(socket, silent);
      if (silent) socket.resume();
      else secure.emit('connection', socket);
    });
  }

  /** Resolves with its address. */
  async start(): Promise<string> {
    this.#front.listen(0, '127.0.0.1');
    await once(this.#front, 'listening');
    return `https://127.0.0.1:${portOf(this.#front.address())}`;
  }

  /** From now on each request is asked about. */
  inject(choose: Choose): void {
    this.#choose = choose;
  }

  /**
   * Half-open: from now on nothing comes through, on connections that are there and on new ones, and no side is told.
   * With `watches` those that carry a watch only. A connection that went silent stays so for ever.
   */
  freeze(which: 'all' | 'watches'): void {
    this.#frozen = which;
    this.#lines.silence(which);
  }

  /** Resets every connection. */
  hangUp(): void {
    this.#lines.reset();
  }

  /** From now on nothing goes wrong any more with what is new. */
  pass(): void {
    this.#frozen = undefined;
    this.#choose = () => undefined;
  }

  async close(): Promise<void> {
    const closed = once(this.#front, 'close');
    this.#front.close();
    this.#lines.reset();
    this.#agent.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const line = this.#lines.of(request.socket);
    if (line === undefined) return;
    const { method = 'GET', url: path = '/' } = request;
    const watch = /[?&]watch=true/.test(path);
    line.watches ||= watch;
    line.silent ||= this.#frozen === 'all' || (watch && this.#frozen === 'watches');
    const body = await bodyOf(request);
    if (line.silent || body === undefined) return;
    const seen: Seen = { at: Date.now(), method, path, watch, fault: this.#choose({ method, path, watch }) };
    this.seen.push(seen);
    if (seen.fault?.kind === 'refuse') {
      seen.status = seen.fault.status;
      refuse(response, seen.fault);
      return;
    }
    if (seen.fault?.kind === 'hang') return;
    if (seen.fault?.kind === 'delay') await pause(seen.fault.ms);
    // Who has hung up meanwhile wants it no more.
    if (!line.silent && !response.destroyed)
      this.#forward({ seen, line, response }, { headers: request.headers, body });
  }

  #forward({ seen, line, response }: Call, asked: { headers: IncomingHttpHeaders; body: Buffer }): void {
    const { host: _, ...headers } = asked.headers;
    const sent = send(`${this.#options.url}${seen.path}`, {
      agent: this.#agent,
      method: seen.method,
      headers,
    });
    response.once('close', () => {
      if (!response.writableFinished) sent.destroy();
    });
    const way: Way = {
      isSilent: () => line.silent,
      reset: () => line.socket.resetAndDestroy(),
      heard: (piece) => {
        if (seen.watch) seen.status = errorIn(piece) ?? seen.status ?? 200;
      },
    };
    sent.on('error', () => {
      if (!line.silent) way.reset();
    });
    sent.once('response', (answer) => {
      if (line.silent) return;
      seen.status = answer.statusCode ?? 0;
      relay(answer, response, { fault: seen.fault, way });
    });
    sent.end(asked.body);
  }
}

interface Call {
  readonly seen: Seen;
  readonly line: Line;
  readonly response: ServerResponse;
}

/** Undefined when the other side has hung up in between. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  try {
    for await (const piece of request) if (Buffer.isBuffer(piece)) pieces.push(piece);
    return Buffer.concat(pieces);
  } catch {
    return undefined;
  }
}

/** The code of an event of type ERROR, such as 410: the API server says it in the body of an answer that is well. */
function errorIn(piece: Buffer): number | undefined {
  const text = piece.subarray(0, 1000).toString('utf8');
  const code = text.startsWith('{"type":"ERROR"') ? /"code":(\d+)/.exec(text)?.[1] : undefined;
  return code === undefined ? undefined : Number(code);
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

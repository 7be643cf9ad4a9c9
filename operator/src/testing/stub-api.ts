import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Credentials } from '../runtime/kube/credentials.ts';
import type { KubeObject } from '../runtime/kube/object.ts';
import { StubStore, inCollection, mergeApply, type StubEvent } from './stub-store.ts';

export interface StubRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: unknown;
  text: string;
  watch: boolean;
}

/** What the stub does instead of answering by the rules. */
export type Misbehaviour =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  /** Cuts the connection without an answer. */
  | 'cut'
  /** Takes the request and never answers: a half-open connection. */
  | 'silence'
  /** Answers by the rules, but only then. */
  | Promise<void>;

export interface StubWatch {
  path: string;
  query: URLSearchParams;
  /** Raw bytes, to split lines and characters where a test wants. */
  raw(text: string | Uint8Array): void;
  send(type: string, object: unknown): void;
  /** As the server does when its time is over. */
  end(): void;
  cut(): void;
}

interface OpenWatch extends StubWatch {
  deliver(event: StubEvent): void;
}

/** A real HTTP(S) server that behaves like an API server until a test tells it to misbehave. */
export class StubApi {
  readonly store = new StubStore();
  readonly requests: StubRequest[] = [];
  readonly #server;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<OpenWatch>();
  readonly #secure: boolean;
  /** Connections accepted since the start. */
  connections = 0;
  /** Decides before the rules do. */
  misbehave: (request: StubRequest) => Misbehaviour | undefined = () => undefined;
  /** Items of a page at most, as if the client had asked for it. */
  pageLimit = Infinity;
  port = 0;

  constructor(tls?: { cert: string; key: string }) {
    this.#secure = tls !== undefined;
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      void this.#serve(request, response);
    this.#server = tls === undefined ? createHttp(listener) : createHttps(tls, listener);
    this.#server.keepAliveTimeout = 60_000;
    this.#server.on('connection', (socket: Socket) => {
      this.connections += 1;
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.store.changed = ({ collection, event }) => {
      for (const watch of this.#watches)
        if (inCollection(`${collection}/x`, watch.path)) watch.deliver(event);
    };
  }

  get url(): string {
    return `${this.#secure ? 'https' : 'http'}://127.0.0.1:${this.port}`;
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  get watches(): StubWatch[] {
    return [...this.#watches];
  }

  /** Requests that changed something. */
  get writes(): StubRequest[] {
    return this.requests.filter(({ method }) => method !== 'GET');
  }

  get lists(): StubRequest[] {
    return this.requests.filter(({ method, watch, path }) => method === 'GET' && !watch && !isObject(path));
  }

  get credentials(): Credentials {
    return { server: this.url, current: () => Promise.resolve({ headers: {}, tls: {} }), refresh: () => {} };
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    this.port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Cuts everything and stops listening; `start(port)` brings it back with all its objects. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readRequest(request);
    this.requests.push(read);
    const instead = this.misbehave(read);
    if (instead instanceof Promise) await instead;
    else if (instead === 'cut') return void request.socket.destroy();
    else if (instead === 'silence') return;
    else if (instead !== undefined) {
      const body = instead.body ?? status(instead.status, 'Stubbed', 'as the test wants');
      return reply(response, instead.status, { body, headers: instead.headers });
    }
    if (read.watch) this.#watch(read, response);
    else this.#answer(read, response);
  }

  #watch(request: StubRequest, response: ServerResponse): void {
    const from = Number(request.query.get('resourceVersion'));
    if (this.store.isTooOld(from)) {
      return reply(response, 410, { body: status(410, 'Expired', 'too old resource version') });
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const send = (type: string, object: unknown) =>
      void response.write(`${JSON.stringify({ type, object })}\n`);
    const watch: OpenWatch = {
      path: request.path,
      query: request.query,
      raw: (text) => void response.write(text),
      send,
      end: () => void response.end(),
      cut: () => void response.socket?.destroy(),
      deliver: ({ type, object }) => send(type, object),
    };
    for (const event of this.store.since(request.path, from)) watch.deliver(event);
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
  }

  #answer(request: StubRequest, response: ServerResponse): void {
    const { method, path, query } = request;
    if (method === 'GET' && !isObject(path)) return reply(response, 200, { body: this.#page(path, query) });
    if (method === 'POST') return this.#create(request, response);
    const target = path.replace(/\/status$/, '');
    const found = this.store.get(target);
    if (method === 'PATCH' && String(request.headers['content-type']).includes('apply-patch')) {
      return this.#apply({ target, found }, request, response);
    }
    if (found === undefined)
      return reply(response, 404, { body: status(404, 'NotFound', `${path} not found`) });
    if (method === 'GET') return reply(response, 200, { body: found });
    if (method === 'PUT') return this.#replace({ target, found }, request, response);
    if (method === 'PATCH') {
      const merged = mergeApply(found, request.body) as KubeObject;
      return reply(response, 200, { body: this.store.put(target, merged) });
    }
    const wanted = (request.body as { preconditions?: { uid?: string } }).preconditions?.uid;
    if (wanted !== undefined && wanted !== found.metadata.uid) {
      return reply(response, 409, { body: status(409, 'Conflict', 'the uid differs') });
    }
    this.store.delete(target);
    reply(response, 200, { body: { kind: 'Status', status: 'Success' } });
  }

  #page(path: string, query: URLSearchParams): unknown {
    const all = this.store.list(path);
    const start = Number(query.get('continue') ?? 0);
    const end = start + Math.min(Number(query.get('limit') ?? Infinity), this.pageLimit);
    const more = query.has('limit') && end < all.length;
    return {
      kind: 'List',
      metadata: { resourceVersion: String(this.store.version), ...(more ? { continue: String(end) } : {}) },
      // Items of lists of built-in kinds say neither their kind nor their version.
      items: (query.has('limit') ? all.slice(start, end) : all).map(({ metadata, ...rest }) => {
        const { apiVersion: _a, kind: _k, ...content } = rest;
        return { metadata, ...content };
      }),
    };
  }

  #create({ path, body }: StubRequest, response: ServerResponse): void {
    const object = body as KubeObject;
    const target = `${path}/${object.metadata.name}`;
    if (this.store.get(target) !== undefined) {
      return reply(response, 409, { body: status(409, 'AlreadyExists', `${target} already exists`) });
    }
    reply(response, 201, { body: this.store.put(target, object) });
  }

  #replace(
    { target, found }: { target: string; found: KubeObject },
    { body }: StubRequest,
    response: ServerResponse,
  ): void {
    const object = body as KubeObject;
    const expected = object.metadata.resourceVersion;
    if (expected !== undefined && expected !== found.metadata.resourceVersion) {
      return reply(response, 409, { body: status(409, 'Conflict', 'the object has been modified') });
    }
    reply(response, 200, { body: this.store.put(target, object) });
  }

  #apply(
    { target, found }: { target: string; found: KubeObject | undefined },
    { path, body }: StubRequest,
    response: ServerResponse,
  ): void {
    if (path.endsWith('/status') && found === undefined) {
      return reply(response, 404, { body: status(404, 'NotFound', `${path} not found`) });
    }
    const merged = mergeApply(found, body) as KubeObject;
    const same = JSON.stringify(merged) === JSON.stringify(found);
    reply(response, 200, { body: same ? found : this.store.put(target, merged) });
  }
}

async function readRequest(request: IncomingMessage): Promise<StubRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const url = new URL(request.url ?? '/', 'http://stub');
  return {
    method: request.method ?? '',
    path: url.pathname,
    query: url.searchParams,
    headers: request.headers,
    body: text === '' ? undefined : JSON.parse(text),
    text,
    watch: url.searchParams.has('watch'),
  };
}

function reply(
  response: ServerResponse,
  code: number,
  { body, headers = {} }: { body: unknown; headers?: Record<string, string> | undefined },
): void {
  response.writeHead(code, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

export function status(code: number, reason: string, message: string): object {
  return { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
}

/** /api/v1/[namespaces/x/]plural has an odd or even number of parts: whether a name follows. */
function isObject(path: string): boolean {
  const parts = path.split('/').filter((part) => part !== '');
  const rest = parts.slice(parts[0] === 'api' ? 2 : 3);
  const inside = rest[0] === 'namespaces' && rest.length > 2 ? rest.slice(2) : rest;
  return inside.length >= 2;
}

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Declaration, Declared, DeclaredKind } from '@process-meter/contract';

export interface ManagerRequest {
  method: string;
  kind: DeclaredKind;
  /** Empty for lists. */
  name: string;
  token: string | undefined;
  query: URLSearchParams;
  body: Declaration | undefined;
}

/** What it does instead of answering by the rules: an answer, nothing at all, or the rules but later. */
export type Disturbance =
  { status: number; code?: string; detail?: string; retryAfter?: string } | 'cut' | Promise<void>;

interface Row extends Declaration {
  id: number;
  kind: DeclaredKind;
  namespace: string;
  name: string;
}

/** A real HTTP server that keeps what is declared by the rules of the Manager, until a test tells it otherwise. */
export class ScriptedManager {
  readonly requests: ManagerRequest[] = [];
  readonly #rows = new Map<string, Row>();
  readonly #server: Server;
  #ids = 0;
  #port = 0;
  token = 'the-token';
  /** Rows of a page at most. */
  pageLimit = 3;
  /** False: whoever comes is welcome. */
  asksForToken = true;
  disturb: (request: ManagerRequest) => Disturbance | undefined = () => undefined;
  /** What it counted of applications, by name. */
  openNow: (name: string) => number = () => 0;

  constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get rows(): Row[] {
    return [...this.#rows.values()];
  }

  /** `PUT MonitoredApplication/cad` and the like; without the lists. */
  get writes(): string[] {
    return this.requests
      .filter(({ method }) => method !== 'GET')
      .map(({ method, kind, name }) => `${method} ${kind}/${name}`);
  }

  names(kind: DeclaredKind): string[] {
    return this.rows.filter((row) => row.kind === kind).map(({ name }) => name);
  }

  /** As if it had been declared earlier, or elsewhere. */
  keep(row: Omit<Row, 'id' | 'spec'> & { spec?: Record<string, unknown> }): void {
    this.#rows.set(keyOf(row), { spec: {}, ...row, id: (this.#ids += 1) });
  }

  /** As if it had never been declared. */
  forget(row: Row): void {
    this.#rows.delete(keyOf(row));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  /** Cuts everything; `start` brings it back at the same address with all that it keeps. */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const url = new URL(incoming.url ?? '/', 'http://manager');
    const [kind, namespace = '', name = ''] = url.pathname.replace('/api/v1/declared/', '').split('/');
    const text = Buffer.concat(chunks).toString();
    const request: ManagerRequest = {
      method: incoming.method ?? '',
      kind: kind as DeclaredKind,
      name,
      token: incoming.headers.authorization?.replace('Bearer ', ''),
      query: url.searchParams,
      body: text === '' ? undefined : JSON.parse(text),
    };
    this.requests.push(request);
    const instead = this.disturb(request);
    if (instead === 'cut') return void incoming.socket.destroy();
    if (instead instanceof Promise) await instead;
    else if (instead !== undefined) return problem(response, instead);
    if (this.asksForToken && request.token !== this.token)
      return problem(response, { status: 401, code: 'PM-4002' });
    this.#answer(request, namespace, response);
  }

  #answer(request: ManagerRequest, namespace: string, response: ServerResponse): void {
    const { method, kind, name, query, body } = request;
    if (method === 'GET') return json(response, 200, this.#page(kind, query));
    const cluster = body?.cluster ?? query.get('cluster') ?? '';
    const key = keyOf({ cluster, kind, namespace, name });
    const kept = this.#rows.get(key);
    if (body === undefined) {
      if (kept !== undefined && kept.uid !== query.get('uid'))
        return problem(response, { status: 409, code: 'PM-4009' });
      this.#rows.delete(key);
      return void response.writeHead(204).end();
    }
    const isOlder =
      kept?.uid === body.uid ? kept.generation > body.generation : (kept?.createdAt ?? 0) > body.createdAt;
    if (isOlder) return problem(response, { status: 409, code: 'PM-4009', detail: 'newer is kept' });
    const row = { ...body, kind, namespace, name, id: kept?.id ?? (this.#ids += 1) };
    this.#rows.set(key, row);
    json(response, 200, this.#declared(row));
  }

  #page(kind: DeclaredKind, query: URLSearchParams): unknown {
    const after = Number(query.get('after'));
    const limit = Math.min(Number(query.get('limit')), this.pageLimit);
    const all = this.rows.filter((row) => row.kind === kind && row.cluster === query.get('cluster'));
    const page = all
      .filter(({ id }) => id > after)
      .toSorted((a, b) => a.id - b.id)
      .slice(0, limit);
    return {
      declared: page.map((row) => this.#declared(row)),
      next: page.length < limit ? null : page.at(-1)?.id,
      observedAt: 0,
    };
  }

  #declared({ id, kind, namespace, name, uid, generation, cluster, spec }: Row): Declared {
    const applications = Array.isArray(spec['applications']) ? spec['applications'] : [];
    const missing = applications
      .map((one: { name: string }) => `MonitoredApplication/${one.name}`)
      .filter((named: string) => !this.#rows.has(`${cluster}/${namespace}/${named}`));
    const openNow = this.openNow(name);
    const application = { slug: name, openNow, peak24h: openNow, agentsSeen: 1, agentsConfigured: 2 };
    return {
      id,
      kind,
      namespace,
      name,
      uid,
      generation,
      missing,
      application: kind === 'MonitoredApplication' ? application : null,
      pool:
        kind === 'LicensePool' && spec['metric'] === 'Concurrent'
          ? { inUse: openNow, peak24h: openNow, available: Number(spec['quantity']) - openNow }
          : null,
    };
  }
}

function keyOf(row: { cluster: string; kind: string; namespace: string; name: string }): string {
  return `${row.cluster}/${row.namespace}/${row.kind}/${row.name}`;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(
  response: ServerResponse,
  {
    status,
    code,
    detail,
    retryAfter,
  }: { status: number; code?: string; detail?: string; retryAfter?: string },
): void {
  response.writeHead(status, {
    'content-type': 'application/problem+json',
    ...(retryAfter === undefined ? {} : { 'retry-after': retryAfter }),
  });
  const body = { type: 'about:blank', title: 'Refused', status, code, detail, requestId: 'r1' };
  response.end(JSON.stringify(code === undefined ? {} : body));
}

import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';

export interface StatusDeps {
  host: string;
  port: number;
  metrics: Registry;
  /** Names of parts that do not answer; empty when ready. */
  missing: () => Promise<string[]>;
}

/** `/healthz` (alive), `/readyz` (its dependencies answer), `/metrics`. Resolves when it listens. */
export function startStatusServer(deps: StatusDeps): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer((request, response) => {
    void answer(request.url ?? '/', deps).then(({ status, type, body }) => {
      response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' }).end(body);
    });
  });
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(deps.port, deps.host, () =>
      resolve({ port: portOf(server), close: () => closeServer(server) }),
    );
  });
}

async function answer(
  url: string,
  deps: StatusDeps,
): Promise<{ status: number; type: string; body: string }> {
  const text = 'text/plain; charset=utf-8';
  if (url === '/healthz') return { status: 200, type: text, body: 'ok\n' };
  if (url === '/metrics')
    return { status: 200, type: deps.metrics.contentType, body: await deps.metrics.metrics() };
  if (url !== '/readyz') return { status: 404, type: text, body: 'not found\n' };
  const missing = await deps.missing();
  if (missing.length === 0) return { status: 200, type: text, body: 'ready\n' };
  return { status: 503, type: text, body: `waiting for ${missing.join(', ')}\n` };
}

function portOf(server: Server): number {
  const address: AddressInfo | string | null = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

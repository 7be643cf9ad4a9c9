import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import process from 'node:process';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

// Read by the built handler when it is imported: which headers of a proxy name the reader's protocol and host.
const protocolHeader = (process.env['PROTOCOL_HEADER'] ??= 'x-forwarded-proto').toLowerCase();
process.env['HOST_HEADER'] ??= 'host';
const built = new URL('./build/handler.js', import.meta.url);
const { handler }: { handler: Handler } = await import(built.href);

const port = Number(process.env['PM_PORT'] ?? 3000);
const host = process.env['PM_HOST'] ?? '127.0.0.1';

function log(level: 'info' | 'error', message: string, fields: Record<string, unknown> = {}): void {
  process.stdout.write(
    `${JSON.stringify({ level, time: Date.now(), name: 'portal', msg: message, ...fields })}\n`,
  );
}

const server = createServer((request, response) => {
  if (request.url === '/healthz' || request.url === '/readyz') {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
    return;
  }
  // Without a proxy in front the page was asked for over plain http; of several proxies the first speaks for the reader.
  const scheme = String(request.headers[protocolHeader] ?? 'http');
  request.headers[protocolHeader] = /^\s*https\s*(?:,|$)/i.test(scheme) ? 'https' : 'http';
  handler(request, response);
});

server.listen(port, host, () => log('info', 'portal listens', { url: `http://${host}:${String(port)}` }));
server.on('error', (error) => {
  log('error', 'portal cannot listen', { error: error.message });
  process.exitCode = 1;
});

const GRACE_MS = 3000;
let stopping = false;
function stop(signal: string): void {
  if (stopping) return;
  stopping = true;
  log('info', 'portal stops', { signal });
  server.close(() => process.exit(0));
  server.closeIdleConnections();
  // Event streams never end by themselves.
  setTimeout(() => server.closeAllConnections(), GRACE_MS).unref();
}
process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGINT', () => stop('SIGINT'));

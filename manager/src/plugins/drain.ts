import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

const PAUSE_MS = 25;

/**
 * Lets everybody go before the server ends: who keeps a connection is told with the next answer that it closes, and
 * what is being answered is answered. Streams of events never end by themselves; they are left for the one who closes.
 */
export async function drain(
  server: Server,
  { listenMs = 1000, finishMs = 2000 }: { listenMs?: number; finishMs?: number } = {},
): Promise<void> {
  server.prependListener('request', (_request, response) => void response.setHeader('connection', 'close'));
  await untilNobody(server, listenMs);
  server.closeIdleConnections();
  await untilNobody(server, finishMs);
}

/** Waits until no connection is open, and no longer than given. */
async function untilNobody(server: Server, mostMs: number): Promise<void> {
  for (const end = Date.now() + mostMs; Date.now() < end; await pause(PAUSE_MS))
    if ((await connectionsOf(server)) === 0) return;
}

function connectionsOf(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

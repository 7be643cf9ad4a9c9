import { createHash } from 'node:crypto';
import { Agent, type Dispatcher } from 'undici';
import type { Tls } from './credentials.ts';

/** Unused connections are closed soon: a half-open one costs a time limit to find out. */
const IDLE_MS = 10_000;

/**
 * One agent for everything this process says to the API server. A new one is made only when the certificates
 * change; the old one ends its requests first, and its watches reconnect.
 */
export class ConnectionPool {
  #agent: Agent | undefined;
  #identity = '';

  /** The agent for these certificates. */
  for(tls: Tls): Dispatcher {
    const identity = identityOf(tls);
    if (this.#agent !== undefined && identity === this.#identity) return this.#agent;
    const old = this.#agent;
    this.#identity = identity;
    this.#agent = new Agent({
      // HTTP/1.1, so that one dead connection takes one request or watch with it and not all of them.
      allowH2: false,
      // Unlimited, because each watch holds one; the transport bounds the requests in flight.
      connections: null,
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      connect: { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 },
    });
    void old?.close();
    return this.#agent;
  }

  /** Ends what is in flight. */
  async close(): Promise<void> {
    const agent = this.#agent;
    this.#agent = undefined;
    this.#identity = '';
    await agent?.destroy();
  }
}

function identityOf(tls: Tls): string {
  const hash = createHash('sha256');
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) {
    hash.update(part ?? '').update('\0');
  }
  return hash.digest('hex');
}

import { createHash } from 'node:crypto';
import { Agent, type Dispatcher } from 'undici';
import type { Tls } from './credentials.ts';

/** Unused connections are closed soon: a half-open one costs a time limit to find out. */
const IDLE_MS = 10_000;

interface Agents {
  identity: string;
  requests: Agent;
  watches: Agent;
}

/**
 * The connections of this process to the API server. New agents are made only when the certificates change; the old
 * ones end what they have begun first.
 */
export class ConnectionPool {
  readonly #connections: number;
  #agents: Agents | undefined;

  /** @param connections for requests, at most; each watch has one of its own besides */
  constructor(connections: number) {
    this.#connections = connections;
  }

  /** The agent for these certificates. */
  for(use: 'requests' | 'watches', tls: Tls): Dispatcher {
    const identity = identityOf(tls);
    if (this.#agents?.identity === identity) return this.#agents[use];
    const old = this.#agents;
    this.#agents = {
      identity,
      requests: agent(tls, this.#connections),
      // Unlimited: a watch holds its connection for minutes, and a limit would let informers starve each other.
      watches: agent(tls, null),
    };
    void old?.requests.close();
    void old?.watches.close();
    return this.#agents[use];
  }

  /** Ends what is in flight. */
  async close(): Promise<void> {
    const agents = this.#agents;
    this.#agents = undefined;
    await Promise.all([agents?.requests.destroy(), agents?.watches.destroy()]);
  }
}

function agent(tls: Tls, connections: number | null): Agent {
  return new Agent({
    // HTTP/1.1, so that a dead connection takes one request or watch with it and not all of them.
    allowH2: false,
    connections,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    connect: { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 30_000 },
  });
}

/**
 * Asks once more right before the request goes out on its connection, which may have taken seconds to come, in a
 * process that may have been stopped meanwhile.
 */
export function checkedAtSending(dispatcher: Dispatcher, check: () => void): Dispatcher {
  return dispatcher.compose((dispatch) => (options, handler) => {
    const start = handler.onRequestStart?.bind(handler);
    const onRequestStart: Dispatcher.DispatchHandler['onRequestStart'] = (controller, context) => {
      try {
        check();
      } catch (error) {
        controller.abort(error instanceof Error ? error : new Error(String(error)));
        return;
      }
      start?.(controller, context);
    };
    return dispatch(options, Object.assign(handler, { onRequestStart }));
  });
}

function identityOf(tls: Tls): string {
  const hash = createHash('sha256');
  for (const part of [tls.ca, tls.cert, tls.key, tls.servername, String(tls.rejectUnauthorized)]) {
    hash.update(part ?? '').update('\0');
  }
  return hash.digest('hex');
}

import { setTimeout as wait } from 'node:timers/promises';
import {
  inboxPrefix,
  isDistrusted,
  natsAddresses,
  nkeyFromSeed,
  type EnrolResponse,
} from '@process-meter/contract';
import { connect, type Authenticator, type NatsConnection } from '@nats-io/transport-node';
import type { Log } from '../log.ts';

export interface LinkDeps {
  seed: string;
  /** Current credentials; read at each connect, because they are renewed. */
  credentials: () => EnrolResponse;
  log: Log;
  /** Called after each connect and reconnect. */
  connected: (connection: NatsConnection) => void;
  /** The server refused the credentials, expired or revoked, or nobody that the agent trusts vouches for the server. */
  refused: () => Promise<void>;
}
export interface Link {
  connection(): NatsConnection | null;
  /** Connects anew, so that new credentials are used. */
  renewed(): void;
  close(): Promise<void>;
}

const MOST_WAIT_MS = 30_000;
/** Tries of the library, 1 to 2 s apart, before the connection is made anew: it keeps to itself why they fail. */
const TRIES_ANEW = 5;

/** A server that is not trusted is a reason to ask the Manager for news at once, and then after ever longer pauses. */
const ASK_AGAIN_MS = { least: 15_000, most: 600_000 };

/**
 * Says whether something is due: at first, then after a pause that doubles. So a hundred thousand agents that see a
 * certificate which nobody can renew leave room to their Manager.
 */
export function seldom(
  { least, most }: { least: number; most: number },
  monotonic: () => number = () => performance.now(),
): { isDue: () => boolean; begin: () => void } {
  let [pause, dueAt] = [least, -Infinity];
  return {
    isDue() {
      if (monotonic() < dueAt) return false;
      dueAt = monotonic() + pause;
      pause = Math.min(pause * 2, most);
      return true;
    },
    begin() {
      [pause, dueAt] = [least, -Infinity];
    },
  };
}

/** The connection to NATS, tried for as long as the agent runs. */
export function openLink(deps: LinkDeps): Link {
  const stopping = new AbortController();
  let current: NatsConnection | null = null;
  let up = false;
  const news = seldom(ASK_AGAIN_MS);

  const watch = async (connection: NatsConnection): Promise<void> => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        up = false;
        deps.log.warn({}, 'lost the NATS server');
      }
      if (status.type === 'reconnect') {
        up = true;
        deps.connected(connection);
      }
      if (status.type === 'error' && isRefusal(status.error)) await deps.refused();
    }
  };
  const run = async (): Promise<void> => {
    for (let pause = 500; !stopping.signal.aborted; pause = Math.min(pause * 2, MOST_WAIT_MS)) {
      try {
        current = await connect(optionsOf(deps));
        up = true;
        pause = 500;
        news.begin();
        deps.log.info({ server: current.getServer() }, 'connected to NATS');
        const watching = watch(current);
        deps.connected(current);
        const end = await current.closed();
        await watching;
        if (end instanceof Error) throw end;
      } catch (error) {
        deps.log.warn({ err: error }, 'cannot connect to NATS; trying again');
        if (isRefusal(error) || (isDistrusted(error) && news.isDue())) await deps.refused();
      }
      up = false;
      // Jitter: after an outage not all agents come back in the same instant.
      const jitter = 0.5 + Math.random();
      await wait(pause * jitter, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    connection: () => (up ? current : null),
    renewed: () => {
      void current?.reconnect().catch(() => undefined);
    },
    async close() {
      stopping.abort();
      await current?.close();
      await Promise.race([running, wait(1000)]);
    },
  };
}

function optionsOf(deps: LinkDeps): Parameters<typeof connect>[0] {
  const { servers, agent } = deps.credentials();
  return {
    ...natsAddresses(servers, () => deps.credentials().authorities ?? []),
    name: `agent ${agent}`,
    authenticator: signingAuthenticator(deps),
    inboxPrefix: inboxPrefix(agent),
    maxReconnectAttempts: TRIES_ANEW,
    reconnectTimeWait: 500,
    reconnectJitter: 1500,
    ignoreAuthErrorAbort: true,
    timeout: 5000,
    pingInterval: 30_000,
  };
}

/** Signs the server's nonce with `node:crypto`: 0.04 ms, where the library's own signing takes 11 ms. */
function signingAuthenticator(deps: LinkDeps): Authenticator {
  const key = nkeyFromSeed(deps.seed);
  return (nonce) => ({
    jwt: deps.credentials().jwt,
    nkey: key.publicKey,
    sig: nonce === undefined ? '' : key.sign(Buffer.from(nonce)).toString('base64url'),
  });
}

function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return /authorization|authentication/i.test(`${error.name} ${error.message}`);
}

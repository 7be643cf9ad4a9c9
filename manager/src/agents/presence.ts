import {
  HEADER,
  macKeyId,
  macVerifies,
  parseSubject,
  presenceSchema,
  type Presence,
} from '@process-meter/contract';
import { Counter, type Registry } from 'prom-client';
import type { Db } from '../db/index.ts';
import type { PresenceMessage } from '../hub/index.ts';
import type { Log } from '../log.ts';
import type { AgentCredentials } from '../nats-trust/index.ts';
import { CloneWatch } from './clone-watch.ts';
import { savePresences, type Seen } from './presence-store.ts';

export interface PresenceDeps {
  db: Db;
  credentials: AgentCredentials;
  clock: () => number;
  log: Log;
  metrics: Registry;
}

const FLUSH_MS = 2000;

/**
 * Hears all agents. The last word of each is kept until the next flush writes the changed ones in one statement, so
 * 100,000 agents cost a statement every two seconds and not 3,000 a second.
 */
export class PresenceKeeper {
  readonly #deps: PresenceDeps;
  readonly #changed = new Map<string, Seen>();
  /** Latest message of each agent: one that was recorded and sent again later is older and does not count. */
  readonly #latest = new Map<string, Presence>();
  readonly #clones = new CloneWatch();
  readonly #messages: Counter<'result'>;
  readonly #timer: NodeJS.Timeout;

  constructor(deps: PresenceDeps) {
    this.#deps = deps;
    this.#messages = new Counter({
      name: 'pm_presence_messages_total',
      help: 'Presence messages by result: accepted, forged, malformed or stale',
      labelNames: ['result'],
      registers: [deps.metrics],
    });
    this.#timer = setInterval(() => void this.flush(), FLUSH_MS);
    this.#timer.unref();
  }

  hear(message: PresenceMessage): void {
    this.#messages.labels(this.#take(message)).inc();
  }

  /** Writes what changed. What cannot be written now stays for the next time. */
  async flush(): Promise<void> {
    const batch = [...this.#changed];
    if (batch.length === 0) return;
    try {
      await savePresences(
        this.#deps.db,
        batch.map(([, seen]) => seen),
      );
      for (const [agent, seen] of batch) if (this.#changed.get(agent) === seen) this.#changed.delete(agent);
    } catch (error) {
      this.#deps.log.error({ err: error }, 'presence could not be written');
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.flush();
  }

  #take(message: PresenceMessage): 'accepted' | 'forged' | 'malformed' | 'stale' {
    const address = parseSubject(message.subject);
    if (address === undefined || !this.#verifies(message, address.agent)) return 'forged';
    const presence = parsePresence(message.body);
    if (presence === undefined || presence.agent !== address.agent) return 'malformed';
    const last = this.#latest.get(address.agent);
    if (last !== undefined && isOlder(presence, last)) return 'stale';
    this.#latest.set(address.agent, presence);
    const at = this.#deps.clock();
    const cloned = this.#clones.hear(address.agent, presence.epoch, at);
    // A clone that was noticed since the last write is not forgotten by the word after it.
    const known = this.#changed.get(address.agent)?.cloned === true;
    this.#changed.set(address.agent, { account: address.account, at, presence, cloned: cloned || known });
    return 'accepted';
  }

  #verifies(message: PresenceMessage, agent: string): boolean {
    const mac = message.header(HEADER.mac);
    const kid = macKeyId(mac);
    if (mac === undefined || kid === undefined) return false;
    const key = this.#deps.credentials.verifyingKey(kid, agent);
    if (key === undefined) return false;
    const epoch = Number(message.header(HEADER.epoch));
    const seq = Number(message.header(HEADER.seq));
    return macVerifies(key, mac, { subject: message.subject, epoch, seq, body: message.body });
  }
}

/** By number where both have one: the clock of an agent may be set back. */
function isOlder(presence: Presence, last: Presence): boolean {
  if (presence.epoch !== last.epoch) return false;
  if (presence.rev !== undefined && last.rev !== undefined) return presence.rev < last.rev;
  return presence.at < last.at;
}

function parsePresence(body: Uint8Array): Presence | undefined {
  try {
    return presenceSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
  } catch {
    return undefined;
  }
}

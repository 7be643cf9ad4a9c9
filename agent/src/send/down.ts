import {
  AppError,
  openEnvelope,
  type AgentConfig,
  type DownMessage,
  type TrustedKey,
} from '@process-meter/contract';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { Outbox } from '../outbox/store.ts';

export interface DownHandlers {
  config(config: AgentConfig): void;
  mark(message: Extract<DownMessage, { type: 'mark' }>): void;
  watch(until: number): void;
  credentials(jwt: string): void;
  /** By which alone the NATS servers are trusted from now on; none: those that the computer knows. */
  authorities(authorities: readonly string[]): void;
}
export interface DownDeps {
  agent: string;
  trusted: () => readonly TrustedKey[];
  store: Pick<Outbox, 'get' | 'set'>;
  now: () => number;
  log: Log;
  handlers: DownHandlers;
}
const ordersSchema = z.record(z.string(), z.number());

/**
 * Everything from above passes here: signed by a trusted key, for this agent, not expired, and not older than what was
 * acted on already. The order is kept on disk, so that a restart does not open the door for a replay. Marks need no
 * order: what was committed once stays committed.
 */
export class DownReader {
  readonly #deps: DownDeps;

  constructor(deps: DownDeps) {
    this.#deps = deps;
  }

  /** Acts on an envelope. @returns the type acted on, or null when it was refused, which is logged */
  receive(bytes: Uint8Array): DownMessage['type'] | null {
    try {
      const message = this.#open(bytes, this.#deps.now());
      if (message.type !== 'mark') this.#requireNewer(message);
      this.#learnAuthorities(message);
      this.#act(message);
      if (message.type === 'config') this.#deps.store.set('config', Buffer.from(bytes).toString('base64'));
      return message.type;
    } catch (error) {
      const code = error instanceof AppError ? error.code : undefined;
      this.#deps.log.warn({ code, err: error }, 'a message from above was refused');
      return null;
    }
  }

  /** Applies the configuration kept from the last run. Its signature is checked again, its end is not. */
  restoreConfig(): boolean {
    const kept = this.#deps.store.get('config');
    if (kept === null) return false;
    try {
      const message = this.#open(Buffer.from(kept, 'base64'), 0);
      if (message.type !== 'config') return false;
      this.#deps.handlers.config(message.config);
      return true;
    } catch (error) {
      this.#deps.log.warn({ err: error }, 'the kept configuration cannot be used');
      return false;
    }
  }

  #open(bytes: Uint8Array, now: number): DownMessage {
    return openEnvelope(bytes, { agent: this.#deps.agent, trusted: this.#deps.trusted(), now });
  }

  #requireNewer(message: DownMessage): void {
    const orders = this.#orders();
    const before = orders[message.type] ?? 0;
    // The configuration is read again at each connect: the one that is in force may come again.
    const again = message.type === 'config' && message.issuedAt === before;
    if (message.issuedAt <= before && !again) throw new AppError('downReplayed');
    this.#keepOrders({ ...orders, [message.type]: message.issuedAt });
  }

  /** They come with two types of message, each in an order of its own: the newest word counts. */
  #learnAuthorities(message: DownMessage): void {
    if (!('authorities' in message) || message.authorities === undefined) return;
    const orders = this.#orders();
    if (message.issuedAt <= (orders['authorities'] ?? 0)) return;
    this.#deps.handlers.authorities(message.authorities);
    this.#keepOrders({ ...orders, authorities: message.issuedAt });
  }

  #orders(): Record<string, number> {
    return ordersSchema.parse(JSON.parse(this.#deps.store.get('orders') ?? '{}'));
  }

  #keepOrders(orders: Record<string, number>): void {
    this.#deps.store.set('orders', JSON.stringify(orders));
  }

  #act(message: DownMessage): void {
    const { handlers } = this.#deps;
    switch (message.type) {
      case 'config':
        return handlers.config(message.config);
      case 'mark':
        return handlers.mark(message);
      case 'watch':
        return handlers.watch(message.until);
      case 'credentials':
        return handlers.credentials(message.jwt);
    }
  }
}

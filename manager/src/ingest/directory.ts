import type { Range } from './seen-ranges.ts';
import {
  agentsByName,
  applicationsOf,
  loadRanges,
  revokedSince,
  type Counted,
  type KnownAgent,
  type Queryable,
} from './store.ts';

/**
 * A sender that was found is believed for this long. That one was revoked is asked for all at once, and more often: it
 * takes effect at the message server at once, here a little later.
 */
const BELIEVED_MS = 3_600_000;
/** A sender that was not found, and who was revoked, are looked up again after this long. */
const LOOK_AGAIN_MS = 30_000;

/** Senders, applications and seen ranges, looked up in bulk and remembered. */
export class Directory {
  readonly #pool: Queryable;
  readonly #counted: Counted;
  readonly #agents = new Map<string, { agent: KnownAgent | null; at: number }>();
  readonly #applications = new Map<number, { ids: Set<number>; at: number }>();
  readonly #ranges = new Map<string, Range[]>();
  #revocationsAt = 0;

  constructor(pool: Queryable, counted: Counted = 'seen') {
    this.#pool = pool;
    this.#counted = counted;
  }

  async agents(names: readonly string[], now: number): Promise<void> {
    await this.#noteRevocations(now);
    const unknown = [...new Set(names)].filter((name) => !this.#isKnown(name, now));
    if (unknown.length === 0) return;
    const found = new Map((await agentsByName(this.#pool, unknown)).map((agent) => [agent.name, agent]));
    for (const name of unknown) this.#agents.set(name, { agent: found.get(name) ?? null, at: now });
  }

  #isKnown(name: string, now: number): boolean {
    const known = this.#agents.get(name);
    return known !== undefined && now - known.at < (known.agent === null ? LOOK_AGAIN_MS : BELIEVED_MS);
  }

  async #noteRevocations(now: number): Promise<void> {
    if (now - this.#revocationsAt < LOOK_AGAIN_MS) return;
    // Clocks of servers differ, and a transaction shows later than it began.
    const since = new Date(Math.max(0, this.#revocationsAt - 2 * LOOK_AGAIN_MS));
    this.#revocationsAt = now;
    for (const name of await revokedSince(this.#pool, since)) {
      const known = this.#agents.get(name);
      if (known !== undefined && known.agent !== null) known.agent = { ...known.agent, revoked: true };
    }
  }

  agent(name: string): KnownAgent | null {
    return this.#agents.get(name)?.agent ?? null;
  }

  /**
   * True when all applications are of the account. One that is not known is looked up again once in every flush: it may
   * have been made a moment ago, and its first records must not become dead letters.
   */
  async owns(account: number, applications: ReadonlySet<number>, now: number): Promise<boolean> {
    const known = this.#applications.get(account);
    const all = (ids: ReadonlySet<number>): boolean => [...applications].every((id) => ids.has(id));
    if (known !== undefined && (all(known.ids) || known.at === now)) return all(known.ids);
    const ids = await applicationsOf(this.#pool, account);
    this.#applications.set(account, { ids, at: now });
    return all(ids);
  }

  async loadRanges(keys: readonly { agent: number; epoch: number }[]): Promise<void> {
    const unknown = keys.filter((key) => !this.#ranges.has(`${key.agent}/${key.epoch}`));
    if (unknown.length === 0) return;
    const found = await loadRanges(this.#pool, unknown, this.#counted);
    for (const { agent, epoch } of unknown) {
      this.#ranges.set(`${agent}/${epoch}`, found.get(`${agent}/${epoch}`) ?? []);
    }
  }

  ranges(agent: number, epoch: number): readonly Range[] {
    return this.#ranges.get(`${agent}/${epoch}`) ?? [];
  }

  setRanges(agent: number, epoch: number, ranges: Range[]): void {
    this.#ranges.set(`${agent}/${epoch}`, ranges);
  }

  /** After a failed flush nothing that was remembered of ranges is certain. */
  forgetRanges(): void {
    this.#ranges.clear();
  }
}

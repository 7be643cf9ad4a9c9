import type { Range } from './seen-ranges.ts';
import {
  agentsByName,
  applicationsOf,
  loadRanges,
  type Counted,
  type KnownAgent,
  type Queryable,
} from './store.ts';

/** What was looked up is believed for this long; a revocation takes effect at the server at once, here a little later. */
const BELIEVED_MS = 30_000;

/** Senders, applications and seen ranges, looked up in bulk and remembered. */
export class Directory {
  readonly #pool: Queryable;
  readonly #counted: Counted;
  readonly #agents = new Map<string, { agent: KnownAgent | null; at: number }>();
  readonly #applications = new Map<number, { ids: Set<number>; at: number }>();
  readonly #ranges = new Map<string, Range[]>();

  constructor(pool: Queryable, counted: Counted = 'seen') {
    this.#pool = pool;
    this.#counted = counted;
  }

  async agents(names: readonly string[], now: number): Promise<void> {
    const unknown = [...new Set(names)].filter(
      (name) => (this.#agents.get(name)?.at ?? 0) < now - BELIEVED_MS,
    );
    if (unknown.length === 0) return;
    const found = new Map((await agentsByName(this.#pool, unknown)).map((agent) => [agent.name, agent]));
    for (const name of unknown) this.#agents.set(name, { agent: found.get(name) ?? null, at: now });
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

/** Heard again this long after another began: it is alive beside it, and no late word of one that was replaced. */
const TOGETHER_MS = 5000;
/** An agent that was not heard for this long is gone. */
const GONE_MS = 600_000;

interface Heard {
  first: number;
  last: number;
}

/**
 * Notices two agents with one key, as of a cloned computer or a copied state folder. Each has an epoch of its own; of one
 * agent a new epoch replaces the one before, which is never heard again.
 */
export class CloneWatch {
  readonly #agents = new Map<string, Map<number, Heard>>();

  /** @returns true when another agent with the same key is alive */
  hear(agent: string, epoch: number, now: number): boolean {
    const epochs = this.#agents.get(agent) ?? new Map<number, Heard>();
    this.#agents.set(agent, epochs);
    for (const [known, { last }] of epochs) if (known !== epoch && now - last > GONE_MS) epochs.delete(known);
    const heard = epochs.get(epoch);
    epochs.set(epoch, { first: heard?.first ?? now, last: now });
    if (heard === undefined) return false;
    // Of two that began in the same millisecond neither replaced the other.
    return [...epochs].some(
      ([known, other]) => known !== epoch && other.first >= heard.first && now - other.first >= TOGETHER_MS,
    );
  }
}

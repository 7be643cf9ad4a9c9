import type { Pool } from 'pg';
import { holdOffClosing, reopenAgents } from '../closing/index.ts';
import type { Directory } from './directory.ts';
import type { Flush } from './flush.ts';
import { buildFlush, type Judged } from './build.ts';
import { DATABASE_REFUSES, isDataRefused } from './data-refused.ts';
import { copySegments, raiseFence, writeRest } from './store.ts';

/** A message that waits for its commit. */
export interface Pending extends Judged {
  /** Called after the commit: never before, also not for a duplicate (ingest.md §15, rule 4). */
  ack: () => void;
  /** Called when its flush failed: it comes again. */
  retry: () => void;
}

export interface PipelineDeps {
  pool: Pool;
  directory: Directory;
  partitions: (from: number, to: number, now: number) => Promise<void>;
  now: () => number;
  onCommitted: (flush: Flush, seconds: number) => void;
  onFailed: (error: unknown) => void;
}

const IN_FLIGHT = 2;

/**
 * Commits flushes, two transactions in flight: rows are copied side by side, fences and commits stay in order.
 * When one fails, everything behind it that was built on its assumption (that its records are seen) fails too; then the
 * ranges are forgotten and read again from the database before anything new is built.
 */
export class Pipeline {
  readonly #deps: PipelineDeps;
  /** Builds are one after the other; each ends when its flush is on the way. */
  #building: Promise<void> = Promise.resolve();
  /** Ends when the flush before is committed or has failed. */
  #tail: Promise<void> = Promise.resolve();
  #broken = false;
  readonly #flying = new Set<Promise<void>>();

  constructor(deps: PipelineDeps) {
    this.#deps = deps;
  }

  /** Resolves when there is room for the next group, not when this one is committed. */
  async submit(messages: readonly Pending[]): Promise<void> {
    this.#building = this.#building.then(() => this.#launch(messages));
    await this.#building;
  }

  /** Waits until everything submitted is committed or handed back. */
  async drained(): Promise<void> {
    let building: Promise<void>;
    do {
      building = this.#building;
      await building;
      await Promise.all(this.#flying);
    } while (building !== this.#building);
  }

  async #launch(messages: readonly Pending[]): Promise<void> {
    if (this.#broken) await this.#mend();
    while (this.#flying.size >= IN_FLIGHT) await Promise.race(this.#flying);
    const flush = await this.#build(messages);
    if (flush === null) return;
    const before = this.#tail;
    const flight = this.#commit(flush, messages, before);
    this.#tail = flight;
    this.#flying.add(flight);
    void flight.then(() => this.#flying.delete(flight));
  }

  async #mend(): Promise<void> {
    await Promise.all(this.#flying);
    this.#deps.directory.forgetRanges();
    this.#broken = false;
  }

  async #build(messages: readonly Pending[]): Promise<Flush | null> {
    try {
      const flush = await buildFlush(messages, this.#deps.directory, this.#deps.now());
      if (flush.segments.count > 0)
        await this.#deps.partitions(flush.earliest, flush.latest, this.#deps.now());
      return flush;
    } catch (error) {
      this.#giveBack(messages, error);
      return null;
    }
  }

  /** Never rejects: it ends with its messages acknowledged or handed back. */
  async #commit(flush: Flush, messages: readonly Pending[], before: Promise<void>): Promise<void> {
    const began = performance.now();
    try {
      await this.#transaction(flush, before);
    } catch (error) {
      await before;
      if (isDataRefused(error)) this.#isolate(messages, error);
      else this.#giveBack(messages, error);
      return;
    }
    for (const message of messages) message.ack();
    this.#deps.onCommitted(flush, (performance.now() - began) / 1000);
  }

  async #transaction(flush: Flush, before: Promise<void>): Promise<void> {
    const client = await this.#deps.pool.connect();
    let broken = true;
    try {
      await client.query('begin');
      await copySegments(client, flush);
      await before;
      if (this.#broken) throw new Error('a flush before this one failed');
      await holdOffClosing(client);
      await raiseFence(client, flush);
      await reopenAgents(client, flush.news());
      await writeRest(client, flush);
      await client.query('commit');
      broken = false;
    } finally {
      // A connection whose transaction failed is closed, not mended: that also ends the transaction.
      client.release(broken);
    }
  }

  /**
   * The database refuses what validation let through. The flush is halved until the one message is found, and that is
   * kept as a dead letter: handed back, it would come again for ever, and everything behind it would wait.
   */
  #isolate(messages: readonly Pending[], error: unknown): void {
    const [first, ...others] = messages;
    if (first === undefined || (others.length === 0 && !first.accepted.ok)) {
      this.#giveBack(messages, error);
      return;
    }
    this.#broken = true;
    this.#deps.onFailed(error);
    if (others.length === 0) {
      void this.submit([{ ...first, accepted: { ok: false, refusal: DATABASE_REFUSES } }]);
      return;
    }
    const half = messages.length >> 1;
    void this.submit(messages.slice(0, half));
    void this.submit(messages.slice(half));
  }

  #giveBack(messages: readonly Pending[], error: unknown): void {
    this.#broken = true;
    for (const message of messages) message.retry();
    this.#deps.onFailed(error);
  }
}

import type { AgentRecord } from '@process-meter/contract';
import type { RecordDraft } from '../session/sample.ts';

/**
 * The durable outbox: each record stays until the Manager says that it is committed. SQLite in WAL mode with
 * synchronous=FULL: no record that was acknowledged here was lost in 25 rounds of kill -9 (agent.md §7).
 */
export interface Outbox {
  /** Identity of this outbox: sequences count within it. A damaged outbox is replaced by one of a new epoch. */
  readonly epoch: number;
  /**
   * Appends records and saves the checkpoint in one transaction, so that no crash can tear them apart. While the disk
   * takes nothing they are kept in memory, bounded, and written as soon as it works again.
   */
  commit(drafts: readonly RecordDraft[], checkpoint: string, at: number): void;
  /** Records from a sequence on, without holes between them. */
  read(from: number, limit: number): AgentRecord[];
  /** Forgets what is committed in the database of the Manager. */
  trim(ranges: readonly (readonly [number, number])[]): number;
  /** Puts a record aside that can never be sent, and tells of the loss in a record of its own. */
  bury(seq: number, reason: string): void;
  stats(): OutboxStats;
  /** Number of the next open snapshot; grows over restarts. */
  nextRev(): number;
  get(key: string): string | null;
  set(key: string, value: string): void;
  close(): void;
}
export interface OutboxStats {
  /** Records on the disk and in memory. */
  waiting: number;
  oldest: number | null;
  /** Last sequence given out; what is in memory has none yet. */
  lastSeq: number;
  /** One sentence for people while the disk takes nothing; empty otherwise. */
  trouble: string;
}
export interface OutboxOptions {
  folder: string;
  /** Size the outbox may reach; beyond it the oldest records are given up and counted. */
  budgetBytes: number;
  /** Records kept in memory while the disk takes nothing. */
  mostHeld?: number;
  now: () => number;
  log: { warn(fields: object, message: string): void };
}

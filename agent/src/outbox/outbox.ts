import type { AgentRecord } from '@process-meter/contract';
import type { RecordDraft } from '../session/sample.ts';
import type { Epoch } from './epochs.ts';
import type { Instance } from './instance.ts';

/**
 * The durable outbox: each record stays until the Manager says that it is committed. SQLite in WAL mode with
 * synchronous=FULL: no record that was acknowledged here was lost in 25 rounds of kill -9 (agent.md §7).
 */
export interface Outbox {
  /**
   * Epoch of what is recorded now: sequences count within it. A new one begins when the computer starts, when the outbox
   * was copied, and when a damaged outbox was replaced.
   */
  readonly epoch: number;
  /**
   * Appends records and saves the checkpoint in one transaction, so that no crash can tear them apart. While the disk
   * takes nothing they are kept in memory, bounded, and written as soon as it works again.
   */
  commit(drafts: readonly RecordDraft[], checkpoint: string, at: number): void;
  /** The epoch of a place: sequences as the Manager knows them are `place - base`. */
  epochAt(place: number): Epoch;
  /** Places of sequences that the Manager names. */
  placesOf(epoch: number, ranges: readonly (readonly [number, number])[]): [number, number][];
  /** Records from a place on, all of one epoch, without holes between them. Their `seq` is their place. */
  read(from: number, limit: number): AgentRecord[];
  /** Forgets what is committed in the database of the Manager, by places. */
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
  /** Last sequence given out in the epoch; what is in memory has none yet. */
  lastSeq: number;
  /** One sentence for people while the disk takes nothing; empty otherwise. */
  trouble: string;
}
export interface OutboxOptions {
  folder: string;
  /** Which run of which computer opens it; null where one outbox is only ever used by one. */
  instance?: Instance;
  /** Size the outbox may reach; beyond it the oldest records are given up and counted. */
  budgetBytes: number;
  /** Records kept in memory while the disk takes nothing. */
  mostHeld?: number;
  now: () => number;
  log: { warn(fields: object, message: string): void };
}

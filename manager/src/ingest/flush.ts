import type { AgentRecord, Batch, ErrorCode, OpenSnapshot } from '@process-meter/contract';
import type { News } from '../closing/index.ts';
import { quarterOf } from '../rollup/index.ts';
import type { SessionKeys } from '../session-times/index.ts';
import type { Loss } from './losses.ts';
import { contains, subtract, union, type Range } from './seen-ranges.ts';
import { SegmentRows } from './segment-rows.ts';
import type { Sender } from './sender.ts';

type RecordOf<K extends AgentRecord['kind']> = Extract<AgentRecord, { kind: K }>;

export interface Owned<T> {
  sender: Sender;
  record: T;
}

export interface OwnedSnapshot {
  sender: Sender;
  epoch: number;
  open: OpenSnapshot;
}

export interface DeadLetter {
  sender: Sender | null;
  subject: string;
  streamSeq: number;
  streamAt: Date;
  code: ErrorCode;
  reason: string;
  headers: Record<string, string>;
  body: Uint8Array;
}

export interface SeenChange {
  sender: Sender;
  epoch: number;
  /** What this flush adds. Empty for a batch that was seen before. */
  fresh: Range[];
  /** What of it lies in dead letters, not in rows: a replay may still bring it in. */
  parked: Range[];
  /** All ranges with it: the committed mark once this flush is in. */
  after: Range[];
}

export const hexToInt8 = (hex: string): string => BigInt(`0x${hex}`).toString();

/** (application, quarter) packed into one number: quarters stay under 2^22 until the year 2089. */
const QUARTER_SPAN = 2 ** 22;

/** Whether nothing of a batch was seen before: then no record of it has to be looked up. */
const isWhole = (batch: Batch, [only, ...more]: readonly Range[]): boolean =>
  more.length === 0 && only?.[0] === batch.firstSeq && only[1] === batch.firstSeq + batch.count - 1;

/**
 * What goes into one transaction. Batches are added in order; what was seen before is left out record by record, so a
 * batch that overlaps another partly loses nothing and doubles nothing.
 */
export class Flush {
  readonly segments = new SegmentRows();
  readonly sessions = new Map<string, Owned<RecordOf<'session'>>>();
  readonly documents = new Map<string, Owned<RecordOf<'document'>>>();
  readonly coverage: Owned<RecordOf<'coverage'>>[] = [];
  readonly capabilities: Owned<RecordOf<'capability'>>[] = [];
  readonly losses: Loss[] = [];
  readonly snapshots = new Map<number, OwnedSnapshot>();
  readonly deadLetters: DeadLetter[] = [];
  readonly seen = new Map<string, SeenChange>();
  /** Instants of segments, to have the partitions ready. */
  earliest = Infinity;
  latest = -Infinity;
  duplicates = 0;
  readonly #dirty = new Set<number>();
  /** Sessions with records in it, by agent. */
  readonly #touched = new Map<number, Set<string>>();

  /** @param ranges what was seen of (agent, epoch) before this batch @returns what is seen with it */
  addBatch(batch: Batch, sender: Sender, ranges: readonly Range[]): Range[] {
    const { fresh, after } = this.#see(batch, sender, ranges);
    const isNew = isWhole(batch, fresh)
      ? (): boolean => true
      : (seq: number): boolean => !contains(ranges, seq);
    this.#addSegments(batch, sender, isNew);
    for (const record of batch.others) {
      if (isNew(record.seq)) this.#addOther(record, sender, batch.epoch);
      else this.duplicates += 1;
    }
    if (batch.open !== null) this.#addSnapshot({ sender, epoch: batch.epoch, open: batch.open });
    return after;
  }

  /** Counts the sequences of a batch as seen without its records: it is a dead letter, the agent may let go of it. */
  park(batch: Batch, sender: Sender, ranges: readonly Range[]): Range[] {
    const { change, fresh, after } = this.#see(batch, sender, ranges);
    change.parked = union(change.parked, fresh);
    return after;
  }

  #see(
    batch: Batch,
    sender: Sender,
    ranges: readonly Range[],
  ): { change: SeenChange; fresh: Range[]; after: Range[] } {
    const wanted: Range = [batch.firstSeq, batch.firstSeq + batch.count - 1];
    const fresh = batch.count === 0 ? [] : subtract(wanted, ranges);
    const after = union(ranges, fresh);
    const key = `${sender.agent}/${batch.epoch}`;
    const before = this.seen.get(key);
    const change = {
      sender,
      epoch: batch.epoch,
      fresh: union(before?.fresh ?? [], fresh),
      parked: before?.parked ?? [],
      after,
    };
    this.seen.set(key, change);
    return { change, fresh, after };
  }

  /** Who was heard with something new: what the server closed of them opens again. */
  news(): News {
    const changed = [...this.seen.values()].filter(({ fresh }) => fresh.length > 0);
    return {
      agents: changed.map(({ sender }) => sender.agent),
      snapshots: [...this.snapshots.values()].map(({ sender, epoch, open }) => ({
        agent: sender.agent,
        epoch,
        rev: open.rev,
      })),
    };
  }

  /** Dirty (application, quarter) pairs as two columns. */
  dirty(): { applications: number[]; quarters: number[] } {
    const applications: number[] = [];
    const quarters: number[] = [];
    for (const key of this.#dirty) {
      const application = Math.floor(key / QUARTER_SPAN);
      applications.push(application);
      quarters.push(key - application * QUARTER_SPAN);
    }
    return { applications, quarters };
  }

  /** Every session that a record or a snapshot of this flush is about, each once. */
  touchedSessions(): SessionKeys {
    const agents: number[] = [];
    const sessions: string[] = [];
    for (const [agent, touched] of this.#touched) {
      for (const session of touched) {
        agents.push(agent);
        sessions.push(hexToInt8(session));
      }
    }
    return { agents, sessions };
  }

  #touchSession({ agent }: Sender, session: string): void {
    const known = this.#touched.get(agent);
    if (known === undefined) this.#touched.set(agent, new Set([session]));
    else known.add(session);
  }

  #addSegments(batch: Batch, sender: Sender, isNew: (seq: number) => boolean): void {
    const { segments } = batch;
    const owner = { account: sender.account, agent: sender.agent, epoch: batch.epoch };
    let last = '';
    segments.seq.forEach((seq, i) => {
      if (!isNew(seq)) {
        this.duplicates += 1;
        return;
      }
      this.segments.add(segments, i, owner);
      const session = segments.session[i] ?? '';
      // Neighbouring rows mostly are of one session.
      if (session !== last) this.#touchSession(sender, session);
      last = session;
      this.#touch(segments.application[i] ?? 0, segments.started[i] ?? 0, segments.ended[i] ?? 0);
    });
  }

  #touch(application: number, started: number, ended: number): void {
    this.earliest = Math.min(this.earliest, started);
    this.latest = Math.max(this.latest, started);
    const last = quarterOf(Math.max(started, ended - 1));
    for (let q = quarterOf(started); q <= last; q += 1) this.#dirty.add(application * QUARTER_SPAN + q);
  }

  #addOther(record: Batch['others'][number], sender: Sender, epoch: number): void {
    switch (record.kind) {
      case 'session':
        return this.#addSession(record, sender);
      case 'document':
        return this.#addDocument(record, sender);
      case 'coverage':
        return void this.coverage.push({ sender, record });
      case 'capability':
        return void this.capabilities.push({ sender, record });
      case 'gap':
        return void this.losses.push({ sender, epoch, ...record, seqs: record.seqs ?? null });
    }
  }

  /** Begin and end of a session may come in one flush, in either order: the end wins. */
  #addSession(record: RecordOf<'session'>, sender: Sender): void {
    this.#touchSession(sender, record.session);
    const key = `${sender.agent}/${record.session}`;
    const before = this.sessions.get(key)?.record;
    const end = record.ended === null && before !== undefined ? before : record;
    this.sessions.set(key, { sender, record: { ...record, ended: end.ended, endCause: end.endCause } });
  }

  #addDocument(record: RecordOf<'document'>, sender: Sender): void {
    const key = `${sender.agent}/${record.document}`;
    const before = this.documents.get(key)?.record;
    const end = record.closed === null && before !== undefined ? before : record;
    const merged = { ...record, closed: end.closed, closeCause: end.closeCause };
    this.documents.set(key, { sender, record: merged });
  }

  #addSnapshot(snapshot: OwnedSnapshot): void {
    for (const { session } of snapshot.open.documents) this.#touchSession(snapshot.sender, session);
    const known = this.snapshots.get(snapshot.sender.agent);
    const newer =
      known === undefined ||
      snapshot.epoch > known.epoch ||
      (snapshot.epoch === known.epoch && snapshot.open.rev > known.open.rev);
    if (newer) this.snapshots.set(snapshot.sender.agent, snapshot);
  }
}

import type { AgentRecord } from '@process-meter/contract';
import type { RecordDraft } from '../session/sample.ts';
import { hasDatabase, isDamage, isFull, openDatabase, setAside } from './database.ts';
import { epochAt, placesOf, type Epoch } from './epochs.ts';
import { addLoss, type Loss } from './loss.ts';
import type { Outbox, OutboxOptions, OutboxStats } from './outbox.ts';
import { StoredOutbox, type Held } from './stored.ts';

export type { Outbox } from './outbox.ts';

const REV_BLOCK = 10_000;
/** About 10 MB, and days of work: an agent makes some hundred records a day. */
const MOST_HELD = 10_000;
const NOTHING_LOST_YET = 'What is recorded is kept in memory, and is lost if the agent ends before that.';
const DISK_FULL = `The disk is full, and nothing can be written until there is room. ${NOTHING_LOST_YET}`;
const DISK_FAILS = `The disk fails, and nothing can be written until it works. ${NOTHING_LOST_YET}`;

/**
 * Opens the outbox of a state folder. A damaged file is moved aside, and the loss is a record of the new one.
 * @throws when the disk does not let it be opened; once open it lives with that
 */
export function openOutbox(options: OutboxOptions): Outbox {
  return new SteadyOutbox(options);
}

function openStored(options: OutboxOptions): StoredOutbox {
  const { folder, budgetBytes, now, log } = options;
  const existed = hasDatabase(folder);
  try {
    return new StoredOutbox(openDatabase(folder, budgetBytes), options);
  } catch (error) {
    // A full disk or a file that is locked for a moment is no damage: the records in it are still good.
    if (!existed || !isDamage(error)) throw error;
    log.warn({ err: error }, 'the outbox is damaged; a new one begins');
    setAside(folder, now());
    const stored = new StoredOutbox(openDatabase(folder, budgetBytes), options);
    const at = now();
    const draft = { kind: 'gap', from: at, to: at, lost: -1, reason: 'outboxDamaged' } as const;
    stored.write({ held: [{ draft, at }], lost: null, settings: new Map() }, false);
    return stored;
  }
}

/** The outbox that lives with a disk that is full or fails: it says so, keeps what it can, and goes on by itself. */
class SteadyOutbox implements Outbox {
  readonly #options: OutboxOptions;
  /** Null while the file cannot be used; each commit tries to open it again. */
  #stored: StoredOutbox | null;
  #epoch: number;
  #epochs: readonly Epoch[];
  #held: Held[] = [];
  /** Records that were given up before they were ever written. */
  #lost: Loss | null = null;
  /** Settings as last read or set; those that are not on the disk yet. */
  readonly #settings = new Map<string, string | null>();
  readonly #unsaved = new Map<string, string>();
  #committed: readonly (readonly [number, number])[] = [];
  #stats = { waiting: 0, oldest: null as number | null, lastSeq: 0 };
  #trouble = '';
  #closed = false;
  #rev: number;
  #revLimit = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#stored = openStored(options);
    this.#epoch = this.#stored.epoch;
    this.#epochs = this.#stored.epochs;
    this.#rev = Number(this.get('revLimit') ?? 0);
  }

  get epoch(): number {
    return this.#epoch;
  }

  epochAt(place: number): Epoch {
    return epochAt(this.#epochs, place);
  }

  placesOf(epoch: number, ranges: readonly (readonly [number, number])[]): [number, number][] {
    return placesOf(this.#epochs, epoch, ranges);
  }

  commit(drafts: readonly RecordDraft[], checkpoint: string, at: number): void {
    for (const draft of drafts) this.#held.push({ draft, at });
    if (checkpoint !== '') this.#remember('checkpoint', checkpoint);
    this.#save();
    const tooMany = this.#held.length - (this.#options.mostHeld ?? MOST_HELD);
    if (tooMany <= 0) return;
    for (const { at: given } of this.#held.splice(0, tooMany)) {
      this.#lost = addLoss(this.#lost, {
        count: 1,
        from: given,
        to: given,
        reason: 'diskFailed',
        seqs: null,
      });
    }
  }

  /** Writes all that waits for the disk. What is too much for the memory first takes the room of the oldest records. */
  #save(): void {
    const makeRoom = this.#held.length > (this.#options.mostHeld ?? MOST_HELD);
    this.#openAgain();
    this.#try((stored) => {
      stored.write({ held: this.#held, lost: this.#lost, settings: this.#unsaved }, makeRoom);
      this.#held = [];
      this.#lost = null;
      this.#unsaved.clear();
      if (this.#trouble === '') return;
      this.#options.log.warn({}, 'the outbox can be written again');
      this.#trouble = '';
      stored.trim(this.#committed);
    });
  }

  read(from: number, limit: number): AgentRecord[] {
    return this.#try((stored) => stored.read(from, limit)) ?? [];
  }

  trim(ranges: readonly (readonly [number, number])[]): number {
    this.#committed = ranges;
    return this.#try((stored) => stored.trim(ranges)) ?? 0;
  }

  bury(seq: number, reason: string): void {
    const buried = this.#try((stored) => {
      stored.bury(seq, reason);
      return true;
    });
    // Whoever asks would ask for the same record again at once.
    if (buried === undefined) throw new Error('a record cannot be put aside now');
  }

  stats(): OutboxStats {
    this.#stats = this.#try((stored) => stored.stats()) ?? this.#stats;
    const { waiting, oldest, lastSeq } = this.#stats;
    const held = this.#held[0]?.at ?? null;
    return {
      waiting: waiting + this.#held.length,
      oldest: oldest ?? held,
      lastSeq,
      trouble: this.#trouble,
    };
  }

  nextRev(): number {
    this.#rev += 1;
    if (this.#rev >= this.#revLimit) {
      this.#revLimit = this.#rev + REV_BLOCK;
      this.set('revLimit', String(this.#revLimit));
    }
    return this.#rev;
  }

  get(key: string): string | null {
    const known = this.#settings.get(key);
    if (known !== undefined) return known;
    const value = this.#try((stored) => stored.get(key));
    if (value !== undefined) this.#settings.set(key, value);
    return value ?? null;
  }

  set(key: string, value: string): void {
    this.#remember(key, value);
    this.#try((stored) => {
      stored.set(key, value);
      this.#unsaved.delete(key);
    });
  }

  #remember(key: string, value: string): void {
    this.#settings.set(key, value);
    this.#unsaved.set(key, value);
  }

  close(): void {
    if (this.#held.length > 0 || this.#unsaved.size > 0) this.#save();
    this.#closed = true;
    this.#stored?.close();
    this.#stored = null;
  }

  /** Undefined when the disk does not let it be done now. */
  #try<T>(work: (stored: StoredOutbox) => T): T | undefined {
    if (this.#stored === null) return undefined;
    try {
      return work(this.#stored);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** After damage to the file of a running agent this is another outbox, with a new epoch. */
  #openAgain(): void {
    if (this.#stored !== null || this.#closed) return;
    try {
      this.#stored = openStored(this.#options);
    } catch (error) {
      this.#failed(error);
      return;
    }
    if (this.#stored.epoch === this.#epoch) return;
    this.#epoch = this.#stored.epoch;
    this.#epochs = this.#stored.epochs;
    this.#committed = [];
    for (const [key, value] of this.#settings) if (value !== null) this.#unsaved.set(key, value);
  }

  #failed(error: unknown): void {
    const trouble = isFull(error) ? DISK_FULL : DISK_FAILS;
    if (trouble !== this.#trouble) this.#options.log.warn({ err: error }, 'the outbox cannot be written');
    this.#trouble = trouble;
    if (isFull(error)) return;
    // A connection that met a failing disk, or a file that was replaced under it, is of no more use.
    try {
      this.#stored?.close();
    } catch (cause) {
      this.#options.log.warn({ err: cause }, 'the outbox cannot be closed');
    }
    this.#stored = null;
  }
}

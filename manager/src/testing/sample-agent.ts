import {
  SEGMENT_CAP_MS,
  type AgentRecord,
  type OpenDocument,
  type OpenSnapshot,
} from '@process-meter/contract';

/** One thing that happens on a desktop, after some minutes: what it does to a document and whether news is sent. */
export interface Step {
  minutes: number;
  document: number;
  act: 'close' | 1 | 2 | 3;
  /** The stretch that ends is held back, as one the next may still melt into. */
  hold: boolean;
  send: 'nothing' | 'records' | 'records and snapshot';
}

interface Open extends OpenDocument {
  opened: number;
}

const MINUTE = 60_000;
const DOCUMENTS_A_SESSION = 2;

/** A desktop without clock and network: its documents tile, its records are in order. For tests. */
export class SampleAgent {
  readonly #application: number;
  readonly #open = new Map<number, Open>();
  #now: number;
  #seq = 0;
  #rev = 0;
  #ids = 0;
  #pending: AgentRecord[] = [];
  readonly #sessions = new Map<number, { id: string; started: number }>();

  constructor(application: number, begin: number) {
    this.#application = application;
    this.#now = begin;
  }

  /** @returns what is sent, if anything */
  take(step: Step): { records: AgentRecord[]; open: OpenSnapshot | null } | null {
    this.#now += step.minutes * MINUTE;
    for (const open of this.#open.values()) this.#cut(open);
    this.#act(step);
    return step.send === 'nothing' ? null : this.#send(step.send === 'records and snapshot');
  }

  /** The last news: everything that was held back, and what stays open. */
  last(): { records: AgentRecord[]; open: OpenSnapshot | null } {
    this.#now += MINUTE;
    return this.#send(true);
  }

  #send(withSnapshot: boolean): { records: AgentRecord[]; open: OpenSnapshot | null } {
    const records = this.#pending;
    this.#pending = [];
    this.#rev += 1;
    const documents = [...this.#open.values()].map(({ opened: _opened, ...document }) => document);
    const open = { rev: this.#rev, asOf: this.#now, watchedFrom: null, documents };
    return { records, open: withSnapshot ? open : null };
  }

  #act({ document: slot, act, hold }: Step): void {
    const known = this.#open.get(slot);
    if (known === undefined) return act === 'close' ? undefined : this.#begin(slot, act);
    if (act === known.state) return;
    this.#settle(known);
    if (act === 'close') return this.#end(slot, known);
    const { state, cause, flags, since } = known;
    Object.assign(known, { state: act, cause: 2, flags: 0, since: this.#now });
    if (hold) known.held = { state, cause, flags, since };
    else this.#segment(known, { state, cause, flags, since }, this.#now);
  }

  /** No segment is longer than the cap. */
  #cut(known: Open): void {
    while (this.#now - known.since > SEGMENT_CAP_MS) {
      this.#settle(known);
      const until = known.since + SEGMENT_CAP_MS;
      this.#segment(known, known, until);
      Object.assign(known, { since: until, cause: 9, flags: 2 });
    }
  }

  /** What was held is certain now. */
  #settle(known: Open): void {
    if (known.held !== null) this.#segment(known, known.held, known.since);
    known.held = null;
  }

  #begin(slot: number, state: 1 | 2 | 3): void {
    const group = Math.floor(slot / DOCUMENTS_A_SESSION);
    const first = !this.#sessions.has(group);
    const session = this.#sessions.get(group) ?? { id: this.#id(), started: this.#now };
    this.#sessions.set(group, session);
    if (first) this.#session(session, null);
    const base = { session: session.id, document: this.#id(), application: this.#application };
    const open: Open = {
      ...base,
      state,
      cause: 1,
      flags: first ? 1 : 0,
      since: this.#now,
      held: null,
      opened: this.#now,
    };
    this.#open.set(slot, open);
    this.#document(open, null);
  }

  #end(slot: number, known: Open): void {
    this.#segment(known, known, this.#now);
    this.#document(known, this.#now);
    this.#open.delete(slot);
    const group = Math.floor(slot / DOCUMENTS_A_SESSION);
    const session = this.#sessions.get(group);
    const others = [...this.#open.keys()].some((other) => Math.floor(other / DOCUMENTS_A_SESSION) === group);
    if (others || session === undefined) return;
    this.#session(session, this.#now);
    this.#sessions.delete(group);
  }

  #segment(
    { session, document, application }: Open,
    { state, cause, flags, since }: Pick<OpenDocument, 'state' | 'cause' | 'flags' | 'since'>,
    ended: number,
  ): void {
    const piece = { session, document, application, state, cause, flags, started: since, ended };
    this.#pending.push({ kind: 'segment', seq: this.#next(), ...piece });
  }

  #session({ id, started }: { id: string; started: number }, ended: number | null): void {
    this.#pending.push({
      kind: 'session',
      seq: this.#next(),
      session: id,
      application: this.#application,
      user: 'ida',
      computer: 'ws-1',
      desktop: ':1',
      executable: 'draw',
      pid: 1,
      started,
      ended,
      endCause: ended === null ? null : 13,
      revision: 1,
    });
  }

  #document({ session, document, opened }: Open, closed: number | null): void {
    this.#pending.push({
      kind: 'document',
      seq: this.#next(),
      session,
      document,
      name: 'plan',
      path: '',
      source: 'file',
      confidence: 90,
      opened,
      closed,
      closeCause: closed === null ? null : 13,
    });
  }

  #next(): number {
    this.#seq += 1;
    return this.#seq;
  }

  #id(): string {
    this.#ids += 1;
    return this.#ids.toString(16).padStart(16, '0');
  }
}

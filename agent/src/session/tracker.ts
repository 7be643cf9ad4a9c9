import {
  CAUSE,
  STATE,
  type AgentApplication,
  type CauseCode,
  type OpenDocument,
} from '@process-meter/contract';
import { readCheckpoint, writeCheckpoint, type Checkpoint } from './checkpoint.ts';
import { advanceCoverage, endCoverage, startCoverage, type Coverage } from './coverage.ts';
import { addActivity, endActivity, type Thresholds } from './document-life.ts';
import type { ObservedDocument, ObservedFocus, ObservedSession, RecordDraft, Sample } from './sample.ts';
import {
  BARE_AFTER_MS,
  BARE_KEY,
  advanceSession,
  closeDocument,
  emitStretch,
  endOf,
  mainDocument,
  openDocument,
  openDocuments,
  recordSession,
  startSession,
  thresholdsOf,
  type SessionContext,
  type TrackedDocument,
  type TrackedSession,
} from './session-life.ts';

export interface TrackerIdentity {
  agent: string;
  user: string;
  computer: string;
  /** Display or terminal-server session; a desktop that comes after the agent has a name only then. */
  desktop: () => string;
}
export interface OpenState {
  asOf: number;
  watchedFrom: number | null;
  documents: OpenDocument[];
}
type SampleOf<K extends Sample['kind']> = Extract<Sample, { kind: K }>;
const MAX_OPEN_DOCUMENTS = 2000;

/**
 * The state machine of product.md: samples in, records and open state out. Reads no clock and does no I/O.
 * A checkpoint of the run before may be given: what it left open is closed at its last good tick, and its sessions
 * go on when their processes are still there. The records of that come with the first sample.
 */
export class Tracker {
  readonly #context: SessionContext;
  readonly #coverage: Coverage = { from: null };
  readonly #sessions = new Map<string, TrackedSession>();
  /** How often a run was begun anew: its application was deleted and added while its process went on. */
  readonly #runs = new Map<string, number>();
  #drafts: RecordDraft[] = [];
  #applications = new Map<number, AgentApplication>();
  #revision: number | null = null;
  #rulesSince = 0;
  #now: number;
  /** Cause of what the next picture opens; null while watching, where it is `opened`. */
  #resumeCause: CauseCode | null = CAUSE.agentStarted;
  #watchedSince = 0;
  #locked = false;
  #focus: { session: string; document: string; since: number } | null = null;
  #lastInput = 0;

  constructor(identity: TrackerIdentity, last: Checkpoint | null) {
    this.#context = { ...identity, emit: (draft) => this.#drafts.push(draft) };
    this.#now = last?.at ?? 0;
    if (last !== null) readCheckpoint(last, this.#state(), this.#context);
  }

  /** Applies one sample and returns the records it gave rise to, in order. */
  apply(sample: Sample): RecordDraft[] {
    this.#dispatch(sample);
    const drafts = this.#drafts;
    this.#drafts = [];
    return drafts;
  }

  /** What is open now; null before the first sample, when no instant is known yet. */
  open(): OpenState | null {
    if (this.#now === 0) return null;
    return {
      asOf: this.#now,
      watchedFrom: this.#coverage.from,
      documents: [...this.#sessions.values()].flatMap(openDocuments).slice(0, MAX_OPEN_DOCUMENTS),
    };
  }

  /** All that must survive a crash, as plain data. */
  checkpoint(): Checkpoint {
    return writeCheckpoint(this.#now, this.#state());
  }

  /** Number of running sessions. */
  get running(): number {
    return [...this.#sessions.values()].filter(({ id, lostAt }) => id !== '' && lostAt === null).length;
  }

  /** True when the next input changes a state: then it is worth looking for input more often. */
  get awaitsInput(): boolean {
    const focused = this.#focused();
    return focused !== null && focused.document.life.current.state !== STATE.active;
  }

  #state(): { sessions: Map<string, TrackedSession>; runs: Map<string, number>; coverage: Coverage } {
    return { sessions: this.#sessions, runs: this.#runs, coverage: this.#coverage };
  }

  #dispatch(sample: Sample): void {
    switch (sample.kind) {
      case 'config':
        return this.#configure(sample);
      case 'desktop':
        return this.#show(sample);
      case 'tick':
        return this.#tick(sample);
      case 'lock':
        return this.#lock(sample);
      case 'interruption':
        return this.#interrupt(sample.cause, CAUSE.resumed);
      case 'stop':
        return this.#interrupt(CAUSE.agentStopped, CAUSE.agentStarted);
    }
  }

  #configure(sample: SampleOf<'config'>): void {
    if (this.#watching()) this.#advance(sample.at);
    const wanted = new Map(sample.applications.map((application) => [application.id, application]));
    for (const session of this.#sessions.values()) {
      if (wanted.has(session.application)) continue;
      this.#end(session, session.lostAt ?? { at: this.#now, cause: CAUSE.ruleChanged });
    }
    this.#rulesSince = this.#revision === null ? 0 : sample.at;
    this.#applications = wanted;
    this.#revision = sample.revision;
  }

  #show(sample: SampleOf<'desktop'>): void {
    // Without rules nothing can be recognised: that is not watching.
    if (this.#revision === null) return;
    const cause = this.#resumeCause ?? CAUSE.opened;
    if (this.#resumeCause !== null) this.#resume(sample.at);
    this.#resumeCause = null;
    this.#advance(sample.at);
    startCoverage(this.#coverage, sample.at);
    const wanted = new Map(sample.sessions.map((session) => [session.key, session]));
    for (const session of this.#sessions.values())
      if (!wanted.has(session.key)) this.#end(session, endOf(session, this.#now));
    for (const observed of wanted.values()) {
      const session = this.#sessions.get(observed.key) ?? this.#start(observed);
      if (session.lostAt !== null) session.bareSince = this.#now;
      session.lostAt = null;
      this.#showDocuments(session, observed, cause);
      this.#showBare(session, cause);
    }
    this.#moveFocus(sample.focus);
  }

  /**
   * Watching begins again. When the clock was set back meanwhile, the instants before it are later than all that comes:
   * sessions end with what is known of them and go on as new ones, so that nothing ever ends before it began.
   */
  #resume(at: number): void {
    this.#watchedSince = at;
    if (at >= this.#now) return;
    const step = { at: this.#now, cause: CAUSE.clockStep };
    for (const session of this.#sessions.values()) this.#end(session, session.lostAt ?? step);
    this.#lastInput = 0;
    this.#rulesSince = Math.min(this.#rulesSince, at);
  }

  #tick(sample: SampleOf<'tick'>): void {
    if (!this.#watching()) return;
    const input = sample.lastInput === null ? 0 : Math.min(sample.at, sample.lastInput);
    if (input > this.#lastInput) this.#addInput(input);
    this.#advance(sample.at);
    this.#setBusy(sample.busy);
    for (const session of this.#sessions.values()) this.#showBare(session, CAUSE.opened);
  }

  #lock(sample: SampleOf<'lock'>): void {
    if (this.#watching()) this.#advance(sample.at);
    this.#locked = sample.cause !== null;
    // What was typed to unlock is not input in the document behind.
    if (this.#focus !== null) this.#focus.since = Math.max(this.#focus.since, sample.at);
    if (sample.cause === null) return;
    for (const session of this.#sessions.values()) {
      for (const document of session.documents.values())
        endActivity(document.life, this.#now, sample.cause, this.#emit(session, document));
    }
  }

  #interrupt(cause: CauseCode, resumeCause: CauseCode): void {
    for (const session of this.#sessions.values()) {
      for (const key of session.documents.keys())
        closeDocument(session, key, { at: this.#now, cause }, this.#context);
      session.lostAt ??= { at: this.#now, cause };
      if (session.id === '') this.#sessions.delete(session.key);
    }
    endCoverage(this.#coverage, this.#now, cause, this.#context.emit);
    this.#focus = null;
    this.#resumeCause = resumeCause;
  }

  #watching(): boolean {
    return this.#coverage.from !== null;
  }

  #advance(at: number): void {
    this.#now = at;
    for (const session of this.#sessions.values())
      advanceSession(session, at, this.#thresholds(session), this.#context);
    advanceCoverage(this.#coverage, at, this.#context.emit);
  }

  #start(observed: ObservedSession): TrackedSession {
    const at = Math.max(this.#watchedSince, Math.min(this.#now, observed.since));
    const session = startSession(observed, at, this.#revision ?? 0);
    this.#sessions.set(session.key, session);
    return session;
  }

  #end(session: TrackedSession, end: { at: number; cause: CauseCode }): void {
    for (const key of session.documents.keys()) closeDocument(session, key, end, this.#context);
    this.#sessions.delete(session.key);
    if (session.id === '') return;
    recordSession(session, this.#context, end);
    this.#runs.set(session.key, (this.#runs.get(session.key) ?? 0) + 1);
  }

  #showDocuments(session: TrackedSession, observed: ObservedSession, cause: CauseCode): void {
    const wanted = new Map(observed.documents.map((document) => [document.key, document]));
    for (const key of session.documents.keys()) {
      if (wanted.has(key) || (key === BARE_KEY && wanted.size === 0)) continue;
      closeDocument(session, key, { at: this.#now, cause: CAUSE.closed }, this.#context);
    }
    for (const [key, document] of wanted)
      if (!session.documents.has(key)) this.#open(session, document, cause);
  }

  #showBare(session: TrackedSession, cause: CauseCode): void {
    const since = session.bareSince;
    if (since === null || session.lostAt !== null || this.#now - since < BARE_AFTER_MS) return;
    this.#open(session, { key: BARE_KEY, name: '', path: '', source: 'none', confidence: 0, since }, cause);
  }

  #open(session: TrackedSession, document: ObservedDocument, cause: CauseCode): void {
    const at = Math.max(this.#watchedSince, Math.min(this.#now, document.since));
    const run = this.#runs.get(session.key) ?? 0;
    openDocument(session, document, { at, cause, run }, this.#context);
    // Opened in the past: what became due since then is applied at once.
    advanceSession(session, this.#now, this.#thresholds(session), this.#context);
  }

  #moveFocus(next: ObservedFocus | null): void {
    const focus = this.#focus;
    if (focus === null ? next === null : next?.session === focus.session && next.document === focus.document)
      return;
    const left = this.#focused();
    if (left !== null) this.#leave(left.session, left.document);
    this.#focus = next === null ? null : { ...next, since: this.#now };
    const session = next === null ? undefined : this.#sessions.get(next.session);
    if (session !== undefined && next !== null) session.lastFocused = next.document;
  }

  #leave(session: TrackedSession, document: TrackedDocument): void {
    const emit = this.#emit(session, document);
    // A session that computes stays in use when nobody looks at it.
    if (document.busy) addActivity(document.life, this.#now, 'busy', emit);
    else endActivity(document.life, this.#now, CAUSE.focusLost, emit);
  }

  #addInput(at: number): void {
    this.#lastInput = at;
    const focused = this.#focused();
    if (this.#locked || focused === null || at < (this.#focus?.since ?? Infinity)) return;
    advanceSession(focused.session, at, this.#thresholds(focused.session), this.#context);
    addActivity(focused.document.life, at, 'input', this.#emit(focused.session, focused.document));
  }

  #setBusy(busy: ReadonlySet<string>): void {
    for (const session of this.#sessions.values()) {
      const counts = this.#applications.get(session.application)?.countBusyAsActive === true;
      const main = counts && busy.has(session.key) ? mainDocument(session) : undefined;
      for (const document of session.documents.values()) document.busy = document === main;
      if (main !== undefined) addActivity(main.life, this.#now, 'busy', this.#emit(session, main));
    }
  }

  #focused(): { session: TrackedSession; document: TrackedDocument } | null {
    if (this.#focus === null) return null;
    const session = this.#sessions.get(this.#focus.session);
    const document = session?.documents.get(this.#focus.document);
    return session === undefined || document === undefined ? null : { session, document };
  }

  #thresholds(session: TrackedSession): Thresholds {
    return thresholdsOf(this.#applications.get(session.application), this.#rulesSince);
  }

  #emit(session: TrackedSession, document: TrackedDocument): ReturnType<typeof emitStretch> {
    return emitStretch(session, document, this.#context);
  }
}

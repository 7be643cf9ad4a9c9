import { CAUSE, SEGMENT_FLAG } from '@process-meter/contract';
import { CopyRows, type Id } from './copy-rows.ts';
import type { MadeApplication, Person } from './people.ts';
import type { Random } from './random.ts';
import type { Day, MadeDocument, MadeSession } from './working-day.ts';

export const QUARTER = 900_000;
const EPOCH = 1;
/** One in a hundred desktops is cut off instead of stopped: what follows is missing. */
const CRASH_SHARE = 0.01;

export interface Counts {
  segments: number;
  sessions: number;
  documents: number;
  coverage: number;
}

/** Turns days into rows of the real tables, in the order in which ingest would have written them. */
export class DayRows {
  readonly sessions = new CopyRows();
  readonly documents = new CopyRows();
  readonly coverage = new CopyRows();
  readonly counts: Counts = { segments: 0, sessions: 0, documents: 0, coverage: 0 };
  /** By application, the quarters (numbers since 1970) its segments touch. */
  readonly touched: Set<number>[];
  /** Segments by the quarter they end in: records come when a segment is over. */
  readonly #segments = new Map<number, CopyRows>();
  readonly #account: number;
  readonly #applications: readonly MadeApplication[];
  readonly #random: Random;

  constructor(account: number, applications: readonly MadeApplication[], random: Random) {
    this.#account = account;
    this.#applications = applications;
    this.#random = random;
    this.touched = applications.map(() => new Set());
  }

  add(person: Person, day: Day): void {
    this.#addCoverage(person, day);
    for (const session of day.sessions) this.#addSession(person, session);
  }

  /** Segments that end before an instant, in order. */
  takeSegments(before: number): Buffer[] {
    const ready = [...this.#segments.keys()].filter((quarter) => quarter * QUARTER < before);
    return ready
      .toSorted((a, b) => a - b)
      .flatMap((quarter) => {
        const rows = this.#segments.get(quarter);
        this.#segments.delete(quarter);
        return rows === undefined ? [] : [rows.take()];
      });
  }

  #newId(): Id {
    return { high: this.#random.bits() >>> 1, low: this.#random.bits() };
  }

  #addSession(person: Person, session: MadeSession): void {
    const id = this.#newId();
    const application = this.#applications[session.application]?.id ?? 0;
    this.counts.sessions += 1;
    this.sessions
      .begin(13)
      .int4(this.#account)
      .int4(person.agent)
      .id(id)
      .int4(application)
      .text(person.userName)
      .text(person.computer)
      .text(':0')
      .text(`/usr/bin/app-${session.application + 1}`)
      .int4(1000 + (id.low % 30_000))
      .instant(session.started)
      .instant(session.ended)
      .int2(CAUSE.closed)
      .int4(1);
    for (const [i, document] of session.documents.entries())
      this.#addDocument(person, { session, id, application, isFirst: i === 0 }, document);
  }

  #addDocument(
    person: Person,
    of: { session: MadeSession; id: Id; application: number; isFirst: boolean },
    document: MadeDocument,
  ): void {
    const id = this.#newId();
    const name = `drawing-${id.low % 5000}.odg`;
    this.counts.documents += 1;
    this.documents.begin(11).int4(this.#account).int4(person.agent).id(of.id).id(id).text(name);
    this.documents.text(`/home/${person.userName}/${name}`).text('file').int2(90);
    this.documents.instant(document.opened).instant(document.closed).int2(CAUSE.closed);
    const touched = this.touched[of.session.application];
    for (const [i, segment] of document.segments.entries()) {
      this.counts.segments += 1;
      const last = Math.floor((segment.ended - 1) / QUARTER);
      for (let q = Math.floor(segment.started / QUARTER); q <= last; q += 1) touched?.add(q);
      const rows = this.#segmentsEndingIn(Math.floor(segment.ended / QUARTER)).begin(12);
      rows.id(of.id).id(id).instant(segment.started).instant(segment.ended).int8(EPOCH).int8(person.seq);
      rows.int4(this.#account).int4(of.application).int4(person.agent);
      rows.int2(segment.state).int2(segment.cause);
      rows.int2(i === 0 && of.isFirst ? SEGMENT_FLAG.sessionStart : 0);
      person.seq += 1;
    }
  }

  #segmentsEndingIn(quarter: number): CopyRows {
    const known = this.#segments.get(quarter);
    if (known !== undefined) return known;
    const made = new CopyRows();
    this.#segments.set(quarter, made);
    return made;
  }

  /** The agent watched from arrival to leave (to the next morning when the desktop stayed on), cut at quarters. */
  #addCoverage(person: Person, day: Day): void {
    const end = Math.max(day.leaves, ...day.sessions.map(({ ended }) => ended));
    const last = this.#random.unit() < CRASH_SHARE ? CAUSE.agentCrashed : CAUSE.agentStopped;
    for (let from = day.arrives; from < end;) {
      const to = Math.min(end, (Math.floor(from / QUARTER) + 1) * QUARTER);
      this.coverage.begin(5).int4(this.#account).int4(person.agent).instant(from).instant(to);
      this.coverage.int2(to === end ? last : CAUSE.cut);
      this.counts.coverage += 1;
      from = to;
    }
  }
}

import {
  CAUSE,
  SEGMENT_FLAG,
  stableId,
  type AgentApplication,
  type CauseCode,
  type OpenDocument,
} from '@process-meter/contract';
import {
  advanceLife,
  closeLife,
  openLife,
  type DocumentLife,
  type EmitStretch,
  type Thresholds,
} from './document-life.ts';
import type { EmitRecord, ObservedDocument, ObservedSession } from './sample.ts';

/** One open document of a session. */
export interface TrackedDocument {
  id: string;
  name: string;
  path: string;
  source: ObservedDocument['source'];
  confidence: number;
  opened: number;
  busy: boolean;
  life: DocumentLife;
}
/** One running session. Plain data: the checkpoint is this, written as JSON without the keys of documents. */
export interface TrackedSession {
  id: string;
  key: string;
  application: number;
  pid: number;
  executable: string;
  started: number;
  revision: number;
  /** Number of documents opened so far: makes their ids. */
  opened: number;
  /** No segment was sent yet: the first one counts as the start of the session. */
  startPending: boolean;
  /** Since when no window is known while its process runs; null while there are documents. */
  bareSince: number | null;
  /** Key of the document that had the focus last. */
  lastFocused: string | null;
  /** Set while watching is interrupted: the end of the session if it is not there afterwards. */
  lostAt: { at: number; cause: CauseCode } | null;
  documents: Map<string, TrackedDocument>;
}

/** What sessions need to know of the rest. */
export interface SessionContext {
  agent: string;
  user: string;
  computer: string;
  desktop: () => string;
  emit: EmitRecord;
}

/** A process without any window for this long is a session with one nameless document. */
export const BARE_AFTER_MS = 10_000;
/** Key of the nameless document. */
export const BARE_KEY = 'bare:';

/** A session that was just seen; it is recorded when its first document opens. */
export function startSession(observed: ObservedSession, at: number, revision: number): TrackedSession {
  return {
    id: '',
    key: observed.key,
    application: observed.application,
    pid: observed.pid,
    executable: observed.executable,
    started: at,
    revision,
    opened: 0,
    startPending: true,
    bareSince: at,
    lastFocused: null,
    lostAt: null,
    documents: new Map(),
  };
}

/** Writes the record of the session; the first time with its first document, the second time with its end. */
export function recordSession(
  session: TrackedSession,
  context: SessionContext,
  end: { at: number; cause: CauseCode } | null,
): void {
  context.emit({
    kind: 'session',
    session: session.id,
    application: session.application,
    user: context.user,
    computer: context.computer,
    desktop: context.desktop(),
    executable: session.executable,
    pid: session.pid,
    started: session.started,
    ended: end === null ? null : Math.max(end.at, session.started),
    endCause: end?.cause ?? null,
    revision: session.revision,
  });
}

/** Opens a document at `at`, and with the first one the session itself. */
export function openDocument(
  session: TrackedSession,
  observed: ObservedDocument,
  opening: { at: number; cause: CauseCode; run: number },
  context: SessionContext,
): void {
  if (session.id === '') {
    session.id = stableId(context.agent, session.key, opening.run);
    session.started = opening.at;
    recordSession(session, context, null);
  }
  const flags = session.startPending ? SEGMENT_FLAG.sessionStart : 0;
  session.startPending = false;
  session.opened += 1;
  session.bareSince = null;
  const document: TrackedDocument = {
    id: stableId(session.id, opening.at, session.opened),
    name: observed.name,
    path: observed.path,
    source: observed.source,
    confidence: observed.confidence,
    opened: opening.at,
    busy: false,
    life: openLife(opening.at, opening.cause, flags),
  };
  session.documents.set(observed.key, document);
  recordDocument(session, document, context, null);
}

/** Closes a document at `at`; what was due before must have been applied. */
export function closeDocument(
  session: TrackedSession,
  key: string,
  closing: { at: number; cause: CauseCode },
  context: SessionContext,
): void {
  const document = session.documents.get(key);
  if (document === undefined) return;
  const at = Math.max(closing.at, document.opened);
  const unused = closeLife(document.life, at, emitStretch(session, document, context));
  if (unused) session.startPending = true;
  recordDocument(session, document, context, { at, cause: closing.cause });
  session.documents.delete(key);
  if (session.documents.size === 0) session.bareSince = at;
}

export function advanceSession(
  session: TrackedSession,
  now: number,
  thresholds: Thresholds,
  context: SessionContext,
): void {
  for (const document of session.documents.values())
    advanceLife(document.life, now, thresholds, emitStretch(session, document, context));
}

/** Where the stretches of a document go: they become segments. */
export function emitStretch(
  session: TrackedSession,
  document: TrackedDocument,
  context: SessionContext,
): EmitStretch {
  return ({ since, until, state, cause, flags }) => {
    context.emit({
      kind: 'segment',
      session: session.id,
      document: document.id,
      application: session.application,
      started: since,
      ended: until,
      state,
      cause,
      flags,
    });
  };
}

/** The thresholds of an application; those of one that was just deleted do not matter any more. */
export function thresholdsOf(application: AgentApplication | undefined, since: number): Thresholds {
  return {
    inactiveAfterMs: application?.inactiveAfterMs ?? 60_000,
    timeoutAfterMs: application?.timeoutAfterMs ?? 900_000,
    since,
  };
}

/** The documents of a session as live state. */
export function openDocuments(session: TrackedSession): OpenDocument[] {
  return [...session.documents.values()].map(({ id, life }) => ({
    session: session.id,
    document: id,
    application: session.application,
    state: life.current.state,
    cause: life.current.cause,
    flags: life.current.flags,
    since: life.current.since,
    held: heldStretch(life),
  }));
}

function heldStretch({ held }: DocumentLife): OpenDocument['held'] {
  if (held === null) return null;
  return { state: held.state, cause: held.cause, flags: held.flags, since: held.since };
}

/** The document a busy session is counted under: the one that had the focus last, else the first. */
export function mainDocument(session: TrackedSession): TrackedDocument | undefined {
  const focused = session.lastFocused === null ? undefined : session.documents.get(session.lastFocused);
  return focused ?? session.documents.values().next().value;
}

/** Cause of the end of a session: closed by the user, unless watching was interrupted before. */
export const endOf = (session: TrackedSession, at: number): { at: number; cause: CauseCode } =>
  session.lostAt ?? { at: session.bareSince ?? at, cause: CAUSE.closed };

function recordDocument(
  session: TrackedSession,
  document: TrackedDocument,
  context: SessionContext,
  close: { at: number; cause: CauseCode } | null,
): void {
  context.emit({
    kind: 'document',
    session: session.id,
    document: document.id,
    name: document.name,
    path: document.path,
    source: document.source,
    confidence: document.confidence,
    opened: document.opened,
    closed: close?.at ?? null,
    closeCause: close?.cause ?? null,
  });
}

import {
  CAUSE,
  SEGMENT_CAP_MS,
  SEGMENT_FLAG,
  STATE,
  type CauseCode,
  type StateCode,
} from '@process-meter/contract';

/**
 * The states of one document over its life. Stretches follow each other without gap or overlap; the one that is
 * running may still be dated back, and so may melt into the one before it, which is therefore held until the
 * running one has certain length. Only then it becomes a segment, which is immutable.
 */
export interface Stretch {
  state: StateCode;
  since: number;
  cause: CauseCode;
  flags: number;
}
export interface EndedStretch extends Stretch {
  until: number;
}
export interface DocumentLife {
  current: Stretch;
  held: EndedStretch | null;
  /** Last input in this document, or last busy moment of its session. */
  lastActivity: number;
  lastActivityWas: 'input' | 'busy';
  /** Where the wait for Timeout began. */
  idleSince: number;
}
export interface Thresholds {
  inactiveAfterMs: number;
  timeoutAfterMs: number;
  /** Instant these became the rule: a shorter time never makes a Timeout before it was the rule. */
  since: number;
}
export type EmitStretch = (stretch: EndedStretch) => void;

/** A document that was just opened: Inactive until there is input in it. */
export function openLife(at: number, cause: CauseCode, flags: number): DocumentLife {
  return {
    current: { state: STATE.inactive, since: at, cause, flags },
    held: null,
    lastActivity: at,
    lastActivityWas: 'input',
    idleSince: at,
  };
}

/** Input in this document, or its session was busy, at `at`. What was due before `at` must have been applied. */
export function addActivity(life: DocumentLife, at: number, kind: 'input' | 'busy', emit: EmitStretch): void {
  if (life.current.state !== STATE.active)
    change(life, { at, state: STATE.active, cause: CAUSE[kind] }, emit);
  life.lastActivity = Math.max(at, life.current.since);
  life.lastActivityWas = kind;
}

/** Focus left, or the desktop was locked: an Active document is Inactive from this moment. */
export function endActivity(life: DocumentLife, at: number, cause: CauseCode, emit: EmitStretch): void {
  if (life.current.state !== STATE.active) return;
  change(life, { at, state: STATE.inactive, cause }, emit);
  life.idleSince = at;
}

/** Applies all that is due until `now`: Inactive dated back to the last input, Timeout at its instant, cuts. */
export function advanceLife(
  life: DocumentLife,
  now: number,
  thresholds: Thresholds,
  emit: EmitStretch,
): void {
  while (applyNext(life, now, thresholds, emit)) {
    // One change may make the next one due.
  }
  if (life.held !== null && certainUntil(life, now, thresholds) > life.current.since) release(life, emit);
}

function applyNext(life: DocumentLife, now: number, thresholds: Thresholds, emit: EmitStretch): boolean {
  const { current } = life;
  const cutAt = current.since + SEGMENT_CAP_MS;
  if (certainUntil(life, now, thresholds) > cutAt) {
    release(life, emit);
    emit({ ...current, until: cutAt });
    life.current = { state: current.state, since: cutAt, cause: CAUSE.cut, flags: SEGMENT_FLAG.continued };
    return true;
  }
  if (current.state === STATE.active && now >= life.lastActivity + thresholds.inactiveAfterMs) {
    const cause = life.lastActivityWas === 'busy' ? CAUSE.busyOver : CAUSE.noInput;
    change(life, { at: life.lastActivity, state: STATE.inactive, cause }, emit);
    life.idleSince = life.lastActivity;
    return true;
  }
  const timeoutAt = timeoutInstant(life, thresholds);
  if (current.state === STATE.inactive && now >= timeoutAt) {
    change(life, { at: timeoutAt, state: STATE.timeout, cause: CAUSE.timeoutReached }, emit);
    return true;
  }
  return false;
}

/**
 * Ends the life at `at`; what was due before must have been applied.
 * @returns true when the first-segment flag was not used because the life had no length
 */
export function closeLife(life: DocumentLife, at: number, emit: EmitStretch): boolean {
  release(life, emit);
  if (at > life.current.since) {
    emit({ ...life.current, until: at });
    return false;
  }
  return (life.current.flags & SEGMENT_FLAG.sessionStart) !== 0;
}

/** Until where no later sample can change the running stretch any more. */
function certainUntil(life: DocumentLife, now: number, thresholds: Thresholds): number {
  if (life.current.state === STATE.active) return life.lastActivity;
  if (life.current.state === STATE.inactive) return Math.min(now, timeoutInstant(life, thresholds));
  return now;
}

function timeoutInstant(life: DocumentLife, thresholds: Thresholds): number {
  return Math.max(life.idleSince + thresholds.timeoutAfterMs, thresholds.since, life.current.since);
}

function change(
  life: DocumentLife,
  next: { at: number; state: StateCode; cause: CauseCode },
  emit: EmitStretch,
): void {
  const { current, held } = life;
  if (next.at > current.since) {
    release(life, emit);
    life.held = { ...current, until: next.at };
    life.current = { state: next.state, since: next.at, cause: next.cause, flags: 0 };
    return;
  }
  // Nothing is left of the running stretch: it melts into its neighbour where the states are the same.
  if (held?.state === next.state) {
    life.current = { state: held.state, since: held.since, cause: held.cause, flags: held.flags };
    life.held = null;
    return;
  }
  life.current = {
    state: next.state,
    since: current.since,
    cause: next.cause,
    flags: current.flags & SEGMENT_FLAG.sessionStart,
  };
}

function release(life: DocumentLife, emit: EmitStretch): void {
  if (life.held !== null) emit(life.held);
  life.held = null;
}

import { z } from 'zod';

/**
 * State of a document at an instant (product.md, "The state machine").
 * The numbers are the codes on the wire and in the database; a smaller number is "more active".
 */
export const STATE = { active: 1, inactive: 2, timeout: 3 } as const;
export type StateName = keyof typeof STATE;
export type StateCode = (typeof STATE)[StateName];
export const STATE_NAMES = ['active', 'inactive', 'timeout'] as const;
export const stateNameSchema = z.enum(STATE_NAMES);

/** The name of a state code. Returns undefined for a number that is no state. */
export function stateName(code: number): StateName | undefined {
  return STATE_NAMES[code - 1];
}

/**
 * Why a segment began, or why a document or session ended. Codes are stable: never renumber, only append.
 * `opened`..`busyOver` begin segments inside a life; `suspended`..`serverClosed` end lives from outside.
 */
export const CAUSE = {
  opened: 1,
  input: 2,
  focusLost: 3,
  noInput: 4,
  timeoutReached: 5,
  locked: 6,
  busy: 7,
  busyOver: 8,
  cut: 9,
  agentStarted: 10,
  resumed: 11,
  ruleChanged: 12,
  closed: 13,
  suspended: 14,
  clockStep: 15,
  stalled: 16,
  agentStopped: 17,
  agentCrashed: 18,
  displayLost: 19,
  serverClosed: 20,
  disconnected: 21,
} as const;
export type CauseName = keyof typeof CAUSE;
export type CauseCode = (typeof CAUSE)[CauseName];
export const CAUSE_NAMES = Object.keys(CAUSE) as CauseName[];
export const causeNameSchema = z.enum(CAUSE_NAMES);
const causeByCode = new Map<number, CauseName>(CAUSE_NAMES.map((name) => [CAUSE[name], name]));

/** The name of a cause code. Returns undefined for a number that is no cause. */
export function causeName(code: number): CauseName | undefined {
  return causeByCode.get(code);
}

/** Flags of a segment, or-ed together. */
export const SEGMENT_FLAG = {
  /** The first segment of a session ever: counts as a start in the roll-up (ingest.md §14). */
  sessionStart: 1,
  /** This segment continues one that was cut at the cap; no change of state lies between them. */
  continued: 2,
  /** Closed by the server because its agent never came back. */
  closedByServer: 4,
} as const;

/** Longest segment in ms (8 h). Longer ones are cut, so that `started > T − cap` bounds every overlap query. */
export const SEGMENT_CAP_MS = 8 * 3_600_000;
/**
 * Longest piece of coverage, ms: it ends at the next quarter-hour UTC at the latest, so that "complete until" is never
 * older than that. Completeness is rolled up by quarters and relies on it.
 */
export const COVERAGE_CAP_MS = 15 * 60_000;

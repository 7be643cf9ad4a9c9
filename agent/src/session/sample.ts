import type { AgentApplication, AgentRecord, CAUSE } from '@process-meter/contract';

/** A document as the desktop shows it now, after the privacy rules. */
export interface ObservedDocument {
  /** Identity inside its session while it is open; never stored and never sent. */
  key: string;
  name: string;
  path: string;
  source: 'file' | 'title' | 'none';
  confidence: number;
  /** When it was first seen: at most a second ago, because a new window is given time to load its file. */
  since: number;
}

/** One run of a monitored application as the desktop shows it now. */
export interface ObservedSession {
  /** Identity of the run: boot id, process and application. The same after a restart of the agent. */
  key: string;
  application: number;
  pid: number;
  executable: string;
  /** When its processes were first seen by this agent. */
  since: number;
  documents: readonly ObservedDocument[];
}

export interface ObservedFocus {
  session: string;
  document: string;
}

/**
 * What the collector tells the state machine. Samples come in the order of `at` (ms UTC on the agent's own
 * timeline, which follows a monotonic clock). Each interruption ends what is open at the last sample before it.
 */
export type Sample =
  | {
      kind: 'config';
      at: number;
      revision: number;
      applications: readonly AgentApplication[];
    }
  | {
      /** The whole picture: what is not in it is closed. */
      kind: 'desktop';
      at: number;
      sessions: readonly ObservedSession[];
      focus: ObservedFocus | null;
    }
  | {
      kind: 'tick';
      at: number;
      /** Instant of the last input on this desktop; null when unknown. */
      lastInput: number | null;
      /** Keys of the sessions that use more CPU than their rule allows as idle. */
      busy: ReadonlySet<string>;
    }
  | { kind: 'lock'; at: number; cause: LockCause | null }
  | { kind: 'interruption'; cause: InterruptionCause }
  | { kind: 'stop' };

export type LockCause = typeof CAUSE.locked | typeof CAUSE.disconnected;
export type InterruptionCause =
  typeof CAUSE.suspended | typeof CAUSE.clockStep | typeof CAUSE.stalled | typeof CAUSE.displayLost;

type WithoutSeq<T> = T extends unknown ? Omit<T, 'seq'> : never;
/** A record before the outbox gives it its sequence. */
export type RecordDraft = WithoutSeq<AgentRecord>;
export type EmitRecord = (draft: RecordDraft) => void;

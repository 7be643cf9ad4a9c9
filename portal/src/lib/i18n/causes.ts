import type { CauseName } from '@process-meter/contract';

/** Why a segment began, in words. */
export const beginCauses: Record<CauseName, string> = {
  opened: 'Document opened',
  input: 'Key or pointer used in this document',
  focusLost: 'Focus went to another window',
  noInput: 'No key or pointer; dated back to the last input',
  timeoutReached: 'Inactive for the time set',
  locked: 'Desktop locked',
  busy: 'No input, processor at work',
  busyOver: 'Processor at rest again',
  cut: 'Record continued; no change of state',
  agentStarted: 'Agent started and found it open',
  resumed: 'Computer woke up',
  ruleChanged: 'Rules of the application changed',
  closed: 'Closed by the user',
  suspended: 'Computer suspended',
  clockStep: 'Clock was set; counted on from the last good second',
  stalled: 'Computer stood still; counted on from the last good second',
  agentStopped: 'Agent stopped',
  agentCrashed: 'Agent ended unexpectedly; closed at its last good second',
  displayLost: 'Display lost',
  serverClosed: 'Agent did not come back; closed at its last report',
  disconnected: 'Desktop session disconnected',
};

/** What ended a document or session, in words. */
export const endCauses: Record<CauseName, string> = {
  ...beginCauses,
  opened: 'Opened anew',
  closed: 'The user',
  ruleChanged: 'It is no longer metered',
  cut: 'Record cut',
};

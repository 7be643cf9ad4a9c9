/** A condition as in the API conventions. Times are RFC 3339 without fractions. */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  lastTransitionTime: string;
  /** CamelCase, never empty. */
  reason: string;
  message: string;
}

/** `Reason`: the reasons that whoever sets it knows. */
export interface ConditionInput<Reason extends string = string> {
  type: string;
  status: Condition['status'];
  reason: Reason;
  message: string;
}

export interface ConditionTime {
  generation: number | undefined;
  /** ms since 1970 */
  now: number;
}

/**
 * The previous conditions with these set. The time of a condition moves only with its status; the order is that of
 * first appearance; so an unchanged state gives an equal list and no write.
 */
export function setConditions(
  previous: readonly Condition[],
  inputs: readonly ConditionInput[],
  time: ConditionTime,
): Condition[] {
  const result = new Map(previous.map((condition) => [condition.type, condition]));
  for (const input of inputs) {
    const before = result.get(input.type);
    const kept = before?.status === input.status ? before.lastTransitionTime : undefined;
    result.set(input.type, {
      ...input,
      ...(time.generation === undefined ? {} : { observedGeneration: time.generation }),
      lastTransitionTime: kept ?? secondsTime(time.now),
    });
  }
  return [...result.values()];
}

export type Progress<Reason extends string = string> =
  /** The world agrees with the spec. */
  | { state: 'ready'; reason: Reason; message: string }
  /** It is being made to agree, without anybody's help. */
  | { state: 'reconciling'; reason: Reason; message: string }
  /** It will not agree before somebody changes something. */
  | { state: 'stalled'; reason: Reason; message: string };

/** Ready, Reconciling and Stalled of one state, as kstatus, Helm, Flux and Argo CD read them. */
export function summaryConditions<Reason extends string>(
  progress: Progress<Reason>,
): ConditionInput<Reason>[] {
  const { state, reason, message } = progress;
  const condition = (type: string, is: boolean): ConditionInput<Reason> => ({
    type,
    status: is ? 'True' : 'False',
    reason,
    message,
  });
  return [
    condition('Ready', state === 'ready'),
    condition('Reconciling', state === 'reconciling'),
    condition('Stalled', state === 'stalled'),
  ];
}

function secondsTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');
}

import type { CommonStatus } from '../platform/status.ts';
import {
  setConditions,
  summaryConditions,
  type ConditionInput,
  type KubeObject,
  type Progress,
} from '../runtime/index.ts';
import type { LicensingReason } from '../reasons.ts';
import type { LicensingKind } from './kinds.ts';
import type { Held } from './mirror.ts';

/** How a resource stands with its Manager. */
export type Standing =
  | { state: 'held'; held: Held; missing: readonly string[] }
  /** Comes right by itself. */
  | { state: 'waiting'; reason: LicensingReason; message: string }
  /** Needs a person. */
  | { state: 'refused'; reason: LicensingReason; message: string };

export interface StandingAt {
  object: KubeObject;
  before: CommonStatus;
  standing: Standing;
  /** ms since 1970 */
  now: number;
  /** Ms that written figures stand at least. */
  everyMs: number;
  /** Day in the time zone of the installation. */
  today: () => string;
}

/** The whole status of a licensing resource. Pure: the same standing gives the same bytes. */
export function statusOf(
  { kind, observe }: LicensingKind,
  { object, before, standing, ...when }: StandingAt,
): Record<string, unknown> {
  const { generation } = object.metadata;
  const held = standing.state === 'held' ? standing.held : undefined;
  const missing = standing.state === 'held' ? standing.missing : [];
  const observed = observe({ spec: object['spec'], held, missing, before, ...when });
  const known = new Set((before.conditions ?? []).map(({ type }) => type));
  const said = [
    ...summaryConditions(progressOf(standing)),
    synced(standing),
    ...(held === undefined ? [] : [references(missing)]),
    ...observed.conditions,
  ].filter(({ type }) => COMMON.has(type) || kind.conditions.some((one) => one.type === type));
  const types = new Set(said.map(({ type }) => type));
  // All that it may say are said from the first time on; what was found before stands until it is found anew.
  const unknown = kind.conditions.filter(({ type }) => !types.has(type) && !known.has(type)).map(notHeld);
  return {
    ...before,
    observedGeneration: generation,
    ...(held === undefined ? {} : { syncedGeneration: held.answer.generation }),
    ...observed.fields,
    conditions: setConditions(before.conditions ?? [], [...said, ...unknown], { generation, now: when.now }),
  };
}

const COMMON = new Set(['Ready', 'Reconciling', 'Stalled']);

/** True when the status says that the present generation is held: then a Manager that is away changes nothing. */
export function saysHeld(object: KubeObject, { conditions = [] }: CommonStatus): boolean {
  return conditions.some(
    ({ type, status, observedGeneration }) =>
      type === 'Synced' && status === 'True' && observedGeneration === object.metadata.generation,
  );
}

function progressOf(standing: Standing): Progress<LicensingReason> {
  if (standing.state === 'refused')
    return { state: 'stalled', reason: standing.reason, message: standing.message };
  if (standing.state === 'waiting')
    return { state: 'reconciling', reason: standing.reason, message: standing.message };
  const { missing } = standing;
  if (missing.length === 0) return { state: 'ready', reason: 'Synced', message: 'It is in force.' };
  return { state: 'reconciling', reason: 'ReferenceMissing', message: missingText(missing) };
}

function synced(standing: Standing): ConditionInput<LicensingReason> {
  if (standing.state === 'held')
    return { type: 'Synced', status: 'True', reason: 'Synced', message: 'The Manager holds it.' };
  return { type: 'Synced', status: 'False', reason: standing.reason, message: standing.message };
}

function references(missing: readonly string[]): ConditionInput<LicensingReason> {
  const resolved = missing.length === 0;
  return {
    type: 'ReferencesResolved',
    status: resolved ? 'True' : 'False',
    reason: resolved ? 'AllDeclared' : 'ReferenceMissing',
    message: resolved ? 'Everything it names is declared.' : missingText(missing),
  };
}

function missingText(missing: readonly string[]): string {
  const most = 10;
  const more = missing.length > most ? ` and ${missing.length - most} more` : '';
  return `Not declared in this namespace: ${missing.slice(0, most).join(', ')}${more}.`;
}

function notHeld({ type }: { type: string }): ConditionInput<LicensingReason> {
  return { type, status: 'Unknown', reason: 'NotHeld', message: 'Known when the Manager holds it.' };
}

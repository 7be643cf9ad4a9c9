import { ANNOTATIONS } from '@process-meter/crds';
import type { InstallationReason } from '../reasons.ts';
import type { ConditionInput, KubeObject } from '../runtime/index.ts';

/** True when people asked to leave the object as it is. */
export function isPaused(object: KubeObject | undefined): boolean {
  if (object === undefined) return false;
  if (object.metadata.annotations?.[ANNOTATIONS.paused] === 'true') return true;
  const { spec } = object;
  return typeof spec === 'object' && spec !== null && 'paused' in spec && spec.paused === true;
}

/** What a paused resource says; the conditions it had stay. */
export const PAUSED: ConditionInput<InstallationReason> = {
  type: 'Paused',
  status: 'True',
  reason: 'PausedByUser',
  message: 'It is left as it is until the pause is taken back.',
};
export const NOT_PAUSED: ConditionInput<InstallationReason> = {
  type: 'Paused',
  status: 'False',
  reason: 'NotPaused',
  message: 'It is kept as it is declared.',
};

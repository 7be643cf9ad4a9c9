import { ANNOTATIONS } from '@process-meter/crds';
import type { ConfigSyncReason } from '../reasons.ts';
import { readStatus } from './status.ts';
import { keyOf, keyText, type ConditionInput, type KubeObject, type ObjectKey } from '../runtime/index.ts';

export const CONFIG_SYNC = 'ConfigSynced';
/** Reasons that say that the annotation has done its work; they stay until it is taken off. */
const USED = new Set<string>(['AllowanceUsed', 'AllowanceUsedUp'] satisfies ConfigSyncReason[]);

/** What there is to say of the sync of a ProcessMeter; whoever writes its status asks here. */
export class ConfigSync {
  readonly #conditions = new Map<
    string,
    { uid: string | undefined; condition: ConditionInput<ConfigSyncReason> }
  >();
  readonly #changed: (key: ObjectKey) => void;

  constructor(changed: (key: ObjectKey) => void) {
    this.#changed = changed;
  }

  /** Undefined while nothing is known: what was said before stands. */
  conditionOf(processMeter: KubeObject): ConditionInput<ConfigSyncReason> | undefined {
    const said = this.#conditions.get(keyText(keyOf(processMeter)));
    return said?.uid === processMeter.metadata.uid ? said?.condition : undefined;
  }

  say(processMeter: KubeObject, condition: Omit<ConditionInput<ConfigSyncReason>, 'type'>): void {
    const key = keyOf(processMeter);
    const before = this.conditionOf(processMeter);
    const same = before?.reason === condition.reason && before.message === condition.message;
    if (same && before.status === condition.status) return;
    this.#conditions.set(keyText(key), {
      uid: processMeter.metadata.uid,
      condition: { type: CONFIG_SYNC, ...condition },
    });
    this.#changed(key);
  }

  forget(key: ObjectKey): void {
    this.#conditions.delete(keyText(key));
  }

  /**
   * Whether a sweep may delete as much as it wants. The operator cannot take the annotation off, so what it said last
   * tells that it was used.
   */
  allowance(processMeter: KubeObject): 'none' | 'open' | 'used' {
    if (processMeter.metadata.annotations?.[ANNOTATIONS.allowMassDelete] !== 'true') return 'none';
    const stored = readStatus(processMeter['status']).conditions?.find(({ type }) => type === CONFIG_SYNC);
    const { reason = '' } = this.conditionOf(processMeter) ?? stored ?? {};
    return USED.has(reason) ? 'used' : 'open';
  }
}

import { processMeter as kind, type ProcessMeterSpec } from '@process-meter/crds';
import { z } from 'zod';
import {
  setConditions,
  summaryConditions,
  type Condition,
  type ConditionInput,
  type Progress,
} from '../runtime/index.ts';
import type { ConfigSyncReason, InstallationReason } from '../reasons.ts';
import { CONFIG_SYNC } from '../platform/config-sync.ts';
import { NOT_PAUSED } from '../platform/pause.ts';
import type { CommonStatus } from '../platform/status.ts';
import { publicUrl } from '../render/children.ts';
import { COMPONENTS, type ComponentCount, type Pass, type StepResult } from './pass.ts';
import { STEPS } from './steps.ts';

/** As they were written; nothing where that was by hand and wrong. */
const componentsSchema = z
  .array(
    z.object({
      name: z.enum(COMPONENTS),
      ready: z.number(),
      desired: z.number(),
      version: z.string().optional(),
    }),
  )
  .catch([]);

/** How the chain of steps ended: results of those that ran, in order. */
export interface Outcome {
  results: readonly StepResult[];
  pass: Pass;
}

function progressOf({ results }: Pick<Outcome, 'results'>): Progress<InstallationReason> {
  const last = results.at(-1);
  if (last === undefined) throw new Error('no step has run');
  const { reason, message } = last;
  const states = { done: 'ready', wait: 'reconciling', stall: 'stalled' } as const;
  return { state: states[last.state], reason, message };
}

/** The whole status after a pass. Pure: the same outcome gives the same bytes. */
export function statusAfter(
  outcome: Outcome,
  given: { before: CommonStatus; now: number; configSync: ConditionInput<ConfigSyncReason> | undefined },
): Record<string, unknown> {
  const { pass } = outcome;
  const { generation } = pass.object.metadata;
  const progress = progressOf(outcome);
  const { spec } = pass.installation;
  const inputs = [
    ...summaryConditions(progress),
    ...stepConditions(outcome, given.before.conditions ?? []),
    ...configSynced(given),
    productionReady(spec),
    NOT_PAUSED,
  ];
  return {
    ...given.before,
    observedGeneration: generation,
    conditions: setConditions(given.before.conditions ?? [], inputs, { generation, now: given.now }),
    ...(progress.state === 'ready' ? { version: pass.installation.release.version } : {}),
    ...(pass.schemaVersion === undefined ? {} : { schemaVersion: pass.schemaVersion }),
    components: components(outcome, given.before['components']),
    url: publicUrl(spec),
  };
}

/** A status that says only how it stands: for a ProcessMeter whose steps cannot run. */
export function statusWithout(
  object: Pass['object'],
  progress: Progress<InstallationReason>,
  given: { before: CommonStatus; now: number },
): Record<string, unknown> {
  const { generation } = object.metadata;
  const before = given.before.conditions ?? [];
  const known = new Set(before.map(({ type }) => type));
  const others = kind.conditions
    .filter(({ type }) => !known.has(type) && type !== 'Paused')
    .map(({ type }) => notReached(type));
  const inputs = [...summaryConditions(progress), ...others, NOT_PAUSED];
  const conditions = setConditions(before, inputs, { generation, now: given.now });
  return { ...given.before, observedGeneration: generation, conditions };
}

function stepConditions(
  { results }: Outcome,
  before: readonly Condition[],
): ConditionInput<InstallationReason>[] {
  return STEPS.flatMap(({ condition }, at) => {
    if (condition === undefined) return [];
    const result = results[at];
    if (result !== undefined) {
      const { reason, message } = result;
      return [
        {
          type: condition,
          status: result.state === 'done' ? ('True' as const) : ('False' as const),
          reason,
          message,
        },
      ];
    }
    // What was found before still stands: the chain only did not come so far this time.
    return before.some(({ type }) => type === condition) ? [] : [notReached(condition)];
  });
}

/** What was said before stands until the Manager was looked at. */
function configSynced(given: {
  before: CommonStatus;
  configSync: ConditionInput<ConfigSyncReason> | undefined;
}): ConditionInput<ConfigSyncReason | InstallationReason>[] {
  if (given.configSync !== undefined) return [given.configSync];
  return (given.before.conditions ?? []).some(({ type }) => type === CONFIG_SYNC)
    ? []
    : [notReached(CONFIG_SYNC)];
}

function notReached(type: string): ConditionInput<InstallationReason> {
  return { type, status: 'Unknown', reason: 'NotReached', message: 'A step before it is not done.' };
}

function productionReady(spec: ProcessMeterSpec): ConditionInput<InstallationReason> {
  const reasons = [
    ...(spec.database.mode === 'Embedded' ? ['the database is one pod without a standby'] : []),
    ...(spec.messaging.embedded?.replicas === 1 ? ['there is one NATS server'] : []),
    ...(publicUrl(spec)?.startsWith('http://') === true ? ['the portal is reached without TLS'] : []),
  ];
  const ready = reasons.length === 0;
  return {
    type: 'ProductionReady',
    status: ready ? 'True' : 'False',
    reason: ready ? 'NothingForEvaluation' : 'EvaluationOnly',
    message: ready ? 'Nothing of it is for evaluation only.' : `For evaluation only: ${reasons.join('; ')}.`,
  };
}

/**
 * A part keeps the release that it was known to run until all its pods run the next one. What the chain did not come to
 * this time is as it was found before.
 */
function components({ results, pass }: Outcome, before: unknown): ComponentCount[] {
  const known = new Map(componentsSchema.parse(before).map((component) => [component.name, component]));
  const found = [...pass.components.values()].map((component) => ({
    ...known.get(component.name),
    ...component,
  }));
  if (progressOf({ results }).state === 'ready') return found;
  return [...found, ...[...known.values()].filter(({ name }) => !pass.components.has(name))];
}

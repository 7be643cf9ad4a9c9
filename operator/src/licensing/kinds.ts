import {
  applicationPolicy,
  applicationPolicySpecSchema,
  licensePool,
  licensePoolSpecSchema,
  licenseServer,
  monitoredApplication,
  rentalOffer,
  type Kind,
  type LicensePoolSpec,
} from '@process-meter/crds';
import type { DeclaredKind } from '@process-meter/contract';
import type { ConditionInput } from '../runtime/index.ts';
import type { LicensingReason } from '../reasons.ts';
import { daysBefore } from './day.ts';
import type { Held } from './mirror.ts';
import { useToWrite, type Use } from './use.ts';

/** What a kind says of a resource beyond what all say. */
export interface Observed {
  fields: Readonly<Record<string, unknown>>;
  conditions: readonly ConditionInput<LicensingReason>[];
}

export interface Observation {
  spec: unknown;
  /** What the Manager holds of it; undefined when it does not hold its present state. */
  held: Held | undefined;
  /** What it names and is not declared. */
  missing: readonly string[];
  /** Status that is written. */
  before: Readonly<Record<string, unknown>>;
  /** ms since 1970 */
  now: number;
  /** Ms that written figures stand at least. */
  everyMs: number;
  /** Day in the time zone of the installation. */
  today: () => string;
}

export interface LicensingKind {
  kind: Kind & { kind: DeclaredKind };
  observe: (observation: Observation) => Observed;
}

const NOTHING: Observed = { fields: {}, conditions: [] };

/** Applications first: the others name them. */
export const LICENSING_KINDS: readonly LicensingKind[] = [
  { kind: monitoredApplication, observe: observeApplication },
  { kind: licenseServer, observe: () => NOTHING },
  { kind: licensePool, observe: observePool },
  { kind: applicationPolicy, observe: observePolicy },
  { kind: rentalOffer, observe: () => NOTHING },
];

function observeApplication({ held, before, ...when }: Observation): Observed {
  const application = held?.answer.application ?? undefined;
  if (held === undefined || application === undefined) return NOTHING;
  const { slug, ...figures } = application;
  const use = useToWrite(before['use'], { figures, at: held.observedAt }, when);
  return { fields: { slug, use }, conditions: [] };
}

function observePolicy({ spec, held, missing }: Observation): Observed {
  const parsed = applicationPolicySpecSchema.safeParse(spec);
  if (!parsed.success || held === undefined) return NOTHING;
  const absent = missing.filter((name) => name.startsWith('MonitoredApplication/')).length;
  return { fields: { matchedApplications: parsed.data.applications.length - absent }, conditions: [] };
}

function observePool(observation: Observation): Observed {
  const { held, before, today } = observation;
  const parsed = licensePoolSpecSchema.safeParse(observation.spec);
  if (!parsed.success) return NOTHING;
  const spec = parsed.data;
  const ends = endConditions(spec, today());
  if (held === undefined) return { fields: {}, conditions: ends };
  const figures = held.answer.pool ?? undefined;
  if (figures === undefined)
    return { fields: { use: undefined }, conditions: [exhausted(undefined, spec), ...ends] };
  const use = useToWrite(before['use'], { figures: { ...figures }, at: held.observedAt }, observation);
  return { fields: { use }, conditions: [exhausted(use, spec), ...ends] };
}

function exhausted(use: Use | undefined, { quantity }: LicensePoolSpec): ConditionInput<LicensingReason> {
  if (use === undefined)
    return {
      type: 'Exhausted',
      status: 'Unknown',
      reason: 'NotCounted',
      message: 'Agents do not count its use.',
    };
  const inUse = Number(use['inUse']);
  return {
    type: 'Exhausted',
    status: inUse >= quantity ? 'True' : 'False',
    reason: inUse >= quantity ? 'AllInUse' : 'LicensesFree',
    message: inUse >= quantity ? `All ${quantity} are in use.` : 'There are free licences.',
  };
}

function endConditions({ contract }: LicensePoolSpec, today: string): ConditionInput<LicensingReason>[] {
  const { endDate, renewalNoticeDays } = contract ?? {};
  if (endDate === undefined) {
    const none = { status: 'False', reason: 'NoEnd', message: 'It says no last day.' } as const;
    return [
      { type: 'Expiring', ...none },
      { type: 'Expired', ...none },
    ];
  }
  const end = endOf({ endDate, renewalNoticeDays }, today);
  const told = { reason: end, message: `Its last day is ${endDate}.` };
  return [
    { type: 'Expiring', status: end === 'EndIsNear' ? 'True' : 'False', ...told },
    { type: 'Expired', status: end === 'EndIsOver' ? 'True' : 'False', ...told },
  ];
}

function endOf(
  { endDate, renewalNoticeDays }: { endDate: string; renewalNoticeDays: number | undefined },
  today: string,
): 'EndIsOver' | 'EndIsNear' | 'EndIsFar' {
  if (today > endDate) return 'EndIsOver';
  const isNear = renewalNoticeDays !== undefined && today >= daysBefore(endDate, renewalNoticeDays);
  return isNear ? 'EndIsNear' : 'EndIsFar';
}

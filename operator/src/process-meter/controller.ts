import { processMeterSpecSchema, API_VERSION } from '@process-meter/crds';
import { PART_KINDS } from '../platform/part-controller.ts';
import { PAUSED, isPaused } from '../platform/pause.ts';
import { SECRETS_WATCH, type SecretReader } from '../platform/secret-reader.ts';
import { readStatus, type CommonStatus } from '../platform/status.ts';
import type { ConfigSyncReason, InstallationReason } from '../reasons.ts';
import type { Release } from '../release/catalogue.ts';
import { releaseFor, type Refusal } from '../release/move.ts';
import { installationOf, type Installation } from '../render/installation.ts';
import { MANAGED_SELECTOR } from '../render/labels.ts';
import {
  INGESTS,
  CRON_JOBS,
  INGRESSES,
  JOBS,
  MANAGERS,
  NETWORK_POLICIES,
  PORTALS,
  PROCESS_METERS,
  RESTORES,
  STATEFUL_SETS,
} from '../resources.ts';
import {
  Applier,
  KubeError,
  StatusWriter,
  keyOf,
  setConditions,
  type ConditionInput,
  type ControllerOptions,
  type KubeObject,
  type OperatorManager,
} from '../runtime/index.ts';
import { FIELD_MANAGER } from './field-manager.ts';
import { installationMetrics } from './metrics.ts';
import { OptionalApis } from './optional-apis.ts';
import type { Pass, StepDeps, StepResult } from './pass.ts';
import { text, withSchema } from './recorded.ts';
import { STEPS } from './steps.ts';
import { statusAfter, statusWithout, type Outcome } from './summary.ts';

export interface ProcessMeterDeps {
  operator: OperatorManager;
  secrets: SecretReader;
  releases: readonly Release[];
  /** ms since 1970 */
  now: () => number;
  monotonic: () => number;
  password: () => string;
  /** Time between two looks at what cannot be watched. */
  lookAgainMs: number;
  /** What is said of the licensing resources; this controller alone writes the status. */
  configSync: { conditionOf: (processMeter: KubeObject) => ConditionInput<ConfigSyncReason> | undefined };
}

const selected = { labelSelector: MANAGED_SELECTOR };
const KINDS = [
  ...PART_KINDS.filter(({ resource }) => resource.kind !== 'Deployment'),
  ...[STATEFUL_SETS, JOBS, CRON_JOBS, NETWORK_POLICIES, INGRESSES].map((resource) => ({
    resource,
    options: selected,
  })),
  { resource: MANAGERS },
  { resource: INGESTS },
  { resource: PORTALS },
];

/** After so long it looks at what it waits for, should a watch ever say nothing. */
const PATIENCE_MS = { wait: 60_000, stall: 600_000 };
/** What is to be renewed is looked at daily, and never at once again. */
const [SOON_MS, DAY_MS] = [1000, 86_400_000];

/** Composes one installation: its steps in order, then its status. */
export function processMeterController(deps: ProcessMeterDeps): ControllerOptions {
  const { client, informers } = deps.operator;
  const applier = new Applier({ manager: FIELD_MANAGER, kinds: KINDS }, { client, informers });
  const writer = new StatusWriter(client, { resource: PROCESS_METERS, manager: `${FIELD_MANAGER}-status` });
  const all = informers.for(PROCESS_METERS);
  const restores = informers.for(RESTORES);
  const stepDeps: StepDeps = {
    ...deps,
    client,
    applier,
    metrics: installationMetrics(deps.operator.metrics.registry),
    optional: new OptionalApis({ ...deps, client }),
    statefulSets: informers.for(STATEFUL_SETS, selected),
    jobs: informers.for(JOBS, selected),
  };

  const reconcile: ControllerOptions['reconcile'] = async (_key, { object, signal }) => {
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
    const { namespace } = object.metadata;
    const happened = { jobs: stepDeps.jobs.list(namespace), restores: restores.list(namespace) };
    const before = withSchema(object, readStatus(writer.current(object)), happened);
    const look: Look = { object, before, now: deps.now(), signal };
    const write = (status: Record<string, unknown>): Promise<boolean> => writer.write(object, status, signal);
    const begun = begin(look, all.list(namespace), deps.releases);
    if ('status' in begun) {
      await write(begun.status);
      return undefined;
    }
    try {
      const results = await runSteps(begun.pass, stepDeps);
      const configSync = deps.configSync.conditionOf(object);
      await write(statusAfter({ results, pass: begun.pass }, { ...look, configSync }));
      return next({ results, pass: begun.pass }, { lookAgainMs: deps.lookAgainMs, now: deps.now() });
    } catch (error) {
      const refused = error instanceof KubeError && (error.forbidden || error.status === 422);
      if (refused)
        await write(
          statusWithout(object, { state: 'reconciling', reason: 'ApiRefused', message: error.message }, look),
        );
      throw error;
    }
  };

  return {
    name: 'process-meter',
    resource: PROCESS_METERS,
    owns: KINDS,
    watches: [
      // One of them may give it another database.
      { resource: RESTORES, keys: ({ metadata }) => all.list(metadata.namespace).map(keyOf) },
      {
        ...SECRETS_WATCH,
        // One namespace holds one ProcessMeter, and any Secret of it may be one that a binding names.
        keys: ({ metadata }) => all.list(metadata.namespace).map(keyOf),
      },
    ],
    reconcile,
  };
}

/** One object at one instant. */
interface Look {
  object: KubeObject;
  before: CommonStatus;
  /** ms since 1970 */
  now: number;
  signal: AbortSignal;
}

/** A pass to go through, or the status of a ProcessMeter that is to be left alone or cannot be run. */
function begin(
  look: Look,
  all: readonly KubeObject[],
  releases: readonly Release[],
): { pass: Pass } | { status: Record<string, unknown> } {
  const { object, before, now } = look;
  if (isPaused(object)) {
    const time = { generation: object.metadata.generation, now };
    return { status: { ...before, conditions: setConditions(before.conditions ?? [], [PAUSED], time) } };
  }
  const stalled = (reason: InstallationReason, message: string): { status: Record<string, unknown> } => ({
    status: statusWithout(object, { state: 'stalled', reason, message }, look),
  });
  const older = olderThan(object, all);
  if (older !== undefined)
    return stalled('NamespaceOccupied', `ProcessMeter ${older} was here first; one namespace holds one.`);
  const begun = beginPass(look, releases);
  return 'pass' in begun ? begun : stalled(begun.refusal.reason, begun.refusal.message);
}

/** Name of the ProcessMeter that was in the namespace before this one. */
function olderThan(object: KubeObject, all: readonly KubeObject[]): string | undefined {
  const rank = ({ metadata }: KubeObject): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
  return all.find((other) => other.metadata.uid !== object.metadata.uid && rank(other) < rank(object))
    ?.metadata.name;
}

function beginPass(
  { object, before, signal }: Look,
  releases: readonly Release[],
): { pass: Pass } | { refusal: Refusal } {
  const spec = processMeterSpecSchema.parse(object['spec']);
  const processMeter = {
    apiVersion: API_VERSION,
    kind: 'ProcessMeter' as const,
    metadata: object.metadata,
    spec,
  };
  const installed = {
    version: text(before['version']),
    schemaVersion: text(before['schemaVersion']),
  };
  const { strategy, approvedVersion } = spec.upgrade;
  const approved = (version: string): boolean => strategy === 'Automatic' || approvedVersion === version;
  const found = releaseFor(spec.version, installed, releases, approved);
  if ('refusal' in found) return found;
  const pass: Pass = {
    object,
    processMeter,
    installation: installationOf(processMeter, found.release),
    installed,
    signal,
    desired: [],
    bindings: {},
    outer: { database: [], messaging: [] },
    components: new Map(),
    databaseChecksum: '',
    schemaVersion: installed.schemaVersion,
  };
  return { pass };
}

async function runSteps(pass: Pass, deps: StepDeps): Promise<StepResult[]> {
  const results: StepResult[] = [];
  for (const { run } of STEPS) {
    const result = await run(pass, deps);
    results.push(result);
    if (result.state !== 'done') break;
  }
  return results;
}

function next(
  { results, pass }: Outcome,
  { lookAgainMs, now }: { lookAgainMs: number; now: number },
): { requeueAfterMs: number } | undefined {
  const last = results.at(-1);
  if (last === undefined || last.state === 'done') {
    if (hasUnwatched(pass.installation)) return { requeueAfterMs: lookAgainMs };
    if (pass.lookAt === undefined) return undefined;
    return { requeueAfterMs: Math.min(Math.max(pass.lookAt - now, SOON_MS), DAY_MS) };
  }
  return { requeueAfterMs: last.afterMs ?? PATIENCE_MS[last.state] };
}

/** Whether it has objects of kinds that not every cluster has: no watch tells what becomes of them. */
function hasUnwatched({ spec }: Installation): boolean {
  return (
    spec.exposure?.gateway !== undefined ||
    spec.database.cloudNativePG !== undefined ||
    spec.messaging.embedded?.tls?.certManager !== undefined
  );
}

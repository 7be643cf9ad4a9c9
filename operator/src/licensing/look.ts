import type { Declared } from '@process-meter/contract';
import { processMeterSpecSchema } from '@process-meter/crds';
import { isPaused } from '../platform/pause.ts';
import type { ConfigSyncReason } from '../reasons.ts';
import { MANAGERS, PROCESS_METERS } from '../resources.ts';
import {
  keyOf,
  type ConditionInput,
  type ControllerOptions,
  type KubeObject,
  type ObjectKey,
  type OperatorManager,
  type ReconcileContext,
  type ReconcileResult,
} from '../runtime/index.ts';
import type { Cluster, Home } from './cluster.ts';
import type { ConfigSync } from '../platform/config-sync.ts';
import type { KindSync } from './declare.ts';
import type { Departures } from './departures.ts';
import { isAvailable, type Installation, type Installations } from './installations.ts';
import type { ManagerClient } from './manager-client.ts';
import { ManagerError } from './manager-error.ts';
import type { SyncMetrics } from './metrics.ts';
import { sweep, type Blocked, type Swept } from './sweep.ts';

/** What others miss since something was taken back is asked for at once. */
const AFTER_SWEEP_MS = 1000;

export interface LookDeps {
  operator: OperatorManager;
  syncs: readonly KindSync[];
  installations: Installations;
  departures: Departures;
  configSync: ConfigSync;
  cluster: Cluster;
  manager: ManagerClient;
  metrics: SyncMetrics;
  /** ms since 1970 */
  now: () => number;
  monotonic: () => number;
  /** Ms between two looks. */
  figuresMs: number;
}

/**
 * Looks at what the Manager of each ProcessMeter holds, at times and when something went: takes back what has no
 * resource any more, brings what it does not hold, and passes on what it counted.
 */
export function lookController(deps: LookDeps): ControllerOptions {
  const lastLook = new Map<string, number>();
  const refresh = (namespace: string): void => {
    for (const sync of deps.syncs) sync.refresh(namespace);
  };

  const reconcile = async (
    key: ObjectKey,
    { object: processMeter, signal, log }: ReconcileContext,
  ): Promise<ReconcileResult | undefined> => {
    if (processMeter === undefined || processMeter.metadata.deletionTimestamp !== undefined) {
      deps.installations.mirrors.forget(key);
      deps.configSync.forget(key);
      refresh(key.namespace);
      return undefined;
    }
    if (isPaused(processMeter)) return undefined;
    if (!deps.installations.answers(processMeter)) {
      deps.configSync.say(processMeter, NOT_READY);
      refresh(key.namespace);
      return undefined;
    }
    const { mirror } = deps.installations.installation(processMeter);
    const monotonic = deps.monotonic();
    const rest = mirror.restMs(monotonic);
    if (rest > 0) {
      refresh(key.namespace);
      return { requeueAfterMs: rest };
    }
    const quietIn = deps.departures.restMs(key.namespace);
    const age = monotonic - (lastLook.get(mirrorKey(processMeter)) ?? -deps.figuresMs);
    if (quietIn > 0 && age < deps.figuresMs && mirror.wasRead)
      return { requeueAfterMs: Math.min(quietIn, deps.figuresMs - age) };
    lastLook.set(mirrorKey(processMeter), monotonic);
    return look(deps, { key, processMeter, signal, log });
  };

  return {
    name: 'licensing',
    resource: PROCESS_METERS,
    watches: [
      {
        resource: MANAGERS,
        keys: (manager) => [keyOf(manager)],
        filter: ({ before, now }) => wasAvailable(before) !== wasAvailable(now),
      },
      ...deps.syncs.map(({ resource }) => ({
        resource,
        keys: ({ metadata: { namespace = '' } }: KubeObject) =>
          deps.operator.informers.for(PROCESS_METERS).list(namespace).map(keyOf),
        filter: ({ now }: { now: KubeObject | undefined }) => now === undefined,
      })),
    ],
    reconcile,
  };
}

function mirrorKey({ metadata }: KubeObject): string {
  return metadata.uid ?? '';
}

function wasAvailable(manager: KubeObject | undefined): boolean {
  return manager !== undefined && isAvailable(manager);
}

type Said = Omit<ConditionInput<ConfigSyncReason>, 'type'>;

interface LookAt {
  key: ObjectKey;
  processMeter: KubeObject;
  signal: AbortSignal;
  log: ReconcileContext['log'];
}

async function look(deps: LookDeps, at: LookAt): Promise<ReconcileResult> {
  const { key, processMeter, signal, log } = at;
  const installation = deps.installations.installation(processMeter);
  const startedAt = deps.monotonic();
  const home = await deps.cluster.read(key.namespace, signal);
  try {
    const held = await readAll(deps, { at, installation, cluster: home.uid, startedAt });
    const swept = await sweepAll(deps, { at, installation, home, held, startedAt });
    for (const sync of deps.syncs) sync.refresh(key.namespace);
    tell(deps, processMeter, swept);
    const quietIn = deps.departures.restMs(key.namespace);
    if (quietIn > 0) return { requeueAfterMs: Math.min(quietIn, deps.figuresMs) };
    return { requeueAfterMs: swept.deleted > 0 ? AFTER_SWEEP_MS : deps.figuresMs };
  } catch (error) {
    if (!(error instanceof ManagerError)) throw error;
    const { mirror } = installation;
    if (mirror.failure === undefined) log.warn({ err: error }, 'the Manager cannot be asked');
    mirror.failed(error.inWords, deps.monotonic());
    deps.configSync.say(processMeter, {
      status: 'False',
      reason: 'ManagerUnavailable',
      message: `The Manager cannot be asked: ${error.inWords}.`,
    });
    for (const sync of deps.syncs) sync.refresh(key.namespace);
    return { requeueAfterMs: mirror.restMs(deps.monotonic()) };
  }
}

type HeldByKind = ReadonlyMap<KindSync, readonly Declared[]>;

async function readAll(
  { syncs, manager, metrics, now }: LookDeps,
  given: { at: LookAt; installation: Installation; cluster: string; startedAt: number },
): Promise<HeldByKind> {
  const { at, installation, cluster, startedAt } = given;
  const lists = await Promise.all(
    syncs.map(async (sync) => {
      try {
        const what = { kind: sync.name, cluster };
        const rows = await manager.list(installation.endpoint, what, at.signal);
        return [sync, rows.filter(({ namespace }) => namespace === at.key.namespace)] as const;
      } catch (error) {
        metrics.failed(sync.name);
        throw error;
      }
    }),
  );
  const all = lists.flatMap(([, rows]) => rows);
  installation.mirror.replace(all, { startedAt, observedAt: now() });
  for (const [sync, rows] of lists) metrics.objects(sync.name, rows.length);
  return new Map(lists);
}

async function sweepAll(
  deps: LookDeps,
  given: { at: LookAt; installation: Installation; home: Home; held: HeldByKind; startedAt: number },
): Promise<Swept> {
  const { at, installation, home, held, startedAt } = given;
  const { namespace } = at.key;
  const total: Swept = { deleted: 0, blocked: [], usedAllowance: false };
  // A namespace that goes takes its resources with it; nobody asked for less to be recorded.
  if (home.ending || deps.departures.restMs(namespace) > 0 || !deps.operator.informers.synced) return total;
  const { configSync } = processMeterSpecSchema.parse(at.processMeter['spec']);
  const allowed = deps.configSync.allowance(at.processMeter) === 'open';
  for (const [sync, rows] of held) {
    const given = { sync, rows, installation, namespace, cluster: home.uid, allowed, signal: at.signal };
    const { client } = deps.operator;
    const swept = await sweep({ ...deps, client }, { ...given, percent: configSync.maxDeletePercent });
    total.deleted += swept.deleted;
    total.blocked.push(...swept.blocked);
    total.usedAllowance ||= swept.usedAllowance;
  }
  deps.departures.seen(namespace, startedAt);
  return total;
}

function tell(deps: LookDeps, processMeter: KubeObject, swept: Swept): void {
  const allowance = swept.usedAllowance ? 'used' : deps.configSync.allowance(processMeter);
  const condition = conditionAfter(swept.blocked, allowance);
  deps.configSync.say(processMeter, condition);
  if (condition.status !== 'False') return;
  const { reason, message: note } = condition;
  deps.operator.events.record(processMeter, { type: 'Warning', reason, action: 'Sweep', note });
}

function conditionAfter(blocked: readonly Blocked[], allowance: 'none' | 'open' | 'used'): Said {
  if (blocked.length > 0) return blockedCondition(blocked, allowance === 'used');
  if (allowance === 'used')
    return {
      status: 'True',
      reason: 'AllowanceUsed',
      message: 'Annotation processmeter.io/allow-mass-delete has done its work: take it off.',
    };
  return { status: 'True', reason: 'Synced', message: 'The Manager holds nothing without a resource.' };
}

function blockedCondition(blocked: readonly Blocked[], isUsed: boolean): Said {
  const counts = blocked.map(({ kind, gone, of }) => `${gone} of ${of} ${kind}`).join(', ');
  const kept = `Gone from the cluster and kept in the Manager: ${counts}.`;
  if (blocked.every(({ why }) => why === 'DefinitionMissing'))
    return {
      status: 'False',
      reason: 'DefinitionMissing',
      message: `${kept} The definition of the kind is gone; install it again.`,
    };
  const how = isUsed
    ? 'The annotation processmeter.io/allow-mass-delete was used for an earlier sweep: take it off and set it again.'
    : 'If that is meant, set the annotation processmeter.io/allow-mass-delete: "true" on this resource.';
  return {
    status: 'False',
    reason: isUsed ? 'AllowanceUsedUp' : 'MassDeleteBlocked',
    message: `${kept} ${how}`,
  };
}

const NOT_READY: Said = {
  status: 'Unknown',
  reason: 'ManagerNotReady',
  message: 'No pod of the Manager answers yet.',
};

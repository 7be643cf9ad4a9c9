import type { Declared } from '@process-meter/contract';
import { KubeError, type KubeClient } from '../runtime/index.ts';
import type { KindSync } from './declare.ts';
import type { Installation } from './installations.ts';
import type { ManagerClient } from './manager-client.ts';
import type { SyncMetrics } from './metrics.ts';

export interface SweepDeps {
  client: KubeClient;
  manager: ManagerClient;
  metrics: SyncMetrics;
}

/** Resources of a kind that are gone from the cluster and stay in the Manager until a person says so. */
export interface Blocked {
  kind: string;
  gone: number;
  of: number;
  why: 'MassDelete' | 'DefinitionMissing';
}

export interface Swept {
  deleted: number;
  blocked: Blocked[];
  /** More was deleted than is without leave. */
  usedAllowance: boolean;
}

export interface SweepOf {
  sync: KindSync;
  /** What the Manager holds of the kind in the namespace. */
  rows: readonly Declared[];
  installation: Installation;
  namespace: string;
  cluster: string;
  /** Largest share that may go, in percent. */
  percent: number;
  /** The annotation allows more. */
  allowed: boolean;
  signal: AbortSignal;
}

/** Takes from the Manager what has no resource any more, unless so much is gone that it may be a mistake. */
export async function sweep(deps: SweepDeps, given: SweepOf): Promise<Swept> {
  const { sync, rows, namespace, percent, allowed } = given;
  const nothing: Swept = { deleted: 0, blocked: [], usedAllowance: false };
  const missed = rows.filter(({ name }) => sync.informer.get({ namespace, name }) === undefined);
  if (missed.length === 0) return nothing;
  const block = (why: Blocked['why'], gone: number): Swept => ({
    ...nothing,
    blocked: [{ kind: sync.name, gone, of: rows.length, why }],
  });
  const present = await presentNames(deps.client, given);
  if (present === undefined) return block('DefinitionMissing', missed.length);
  const gone = missed.filter(({ name }) => !present.has(name));
  const isMuch = gone.length > allowance(rows.length, percent);
  if (isMuch && !allowed) return block('MassDelete', gone.length);
  await Promise.all(gone.map((row) => takeBack(deps, given, row)));
  return { ...nothing, deleted: gone.length, usedAllowance: isMuch };
}

/** How many may go at once: of few resources one, because the first is never the share that is allowed. */
export function allowance(declared: number, percent: number): number {
  return percent === 0 ? 0 : Math.max(1, Math.floor((declared * percent) / 100));
}

/**
 * Names that the server has now; the cache may be late, and one of a new leader may never have seen them. Undefined
 * when the definition of the kind is gone or goes: then its resources were not deleted by anybody.
 */
async function presentNames(
  client: KubeClient,
  { sync, namespace, signal }: SweepOf,
): Promise<ReadonlySet<string> | undefined> {
  try {
    if (!(await client.serves(sync.resource, { signal }))) return undefined;
    const objects = await client.list(sync.resource, { namespace, signal });
    return new Set(objects.map(({ metadata }) => metadata.name));
  } catch (error) {
    if (error instanceof KubeError && error.notFound) return undefined;
    throw error;
  }
}

async function takeBack(
  { manager, metrics }: SweepDeps,
  { sync, installation, namespace, cluster, signal }: SweepOf,
  { name, uid }: Declared,
): Promise<void> {
  const at = { kind: sync.name, namespace, name };
  await manager.undeclare(installation.endpoint, { at, cluster, uid }, signal);
  installation.mirror.dropped(at);
  metrics.synced(sync.name);
}

import type { BackupReason } from '../reasons.ts';
import { MANAGED_SELECTOR } from '../render/labels.ts';
import { JOBS, PROCESS_METERS } from '../resources.ts';
import {
  StatusWriter,
  keyOf,
  setConditions,
  summaryConditions,
  type ControllerOptions,
  type KubeObject,
  type OperatorManager,
  type Progress,
  type Resource,
  type Watched,
} from '../runtime/index.ts';
import { isPaused } from './pause.ts';
import { readStatus, type CommonStatus } from './status.ts';

/** What became of something that is done once, so far. */
export interface Standing {
  progress: Progress<BackupReason>;
  /** What is known now; it stays in the status. */
  fields?: Readonly<Record<string, unknown>>;
  /** Ms until the next look, should no watch bring it. */
  againMs?: number;
}

export interface Look {
  /** As the API server has it: no cache lags behind what was noted last. */
  object: KubeObject;
  status: CommonStatus;
  signal: AbortSignal;
}

export interface OnceKind {
  name: string;
  resource: Resource;
  look: (look: Look) => Promise<Standing>;
  watches?: readonly Watched[];
}

export interface OnceDeps {
  operator: OperatorManager;
  /** ms since 1970 */
  now: () => number;
}

/** What comes of itself is looked at again after so long, should a watch ever say nothing. */
const PATIENCE_MS = 60_000;
/** Nothing more is done after these: what failed is asked for anew by a person, not by itself. */
const LAST = new Set<string>(['BackupFailed', 'RestoreFailed'] satisfies BackupReason[]);

/** Whether it is done or has failed for good: then its status is a record, and nothing changes it. */
export function isOver({ conditions = [] }: CommonStatus): boolean {
  return conditions.some(
    ({ type, status, reason }) =>
      status === 'True' && (type === 'Ready' || (type === 'Stalled' && LAST.has(reason))),
  );
}

/** A controller of things that are done once: each look continues where the status says that the last one came to. */
export function onceController(kind: OnceKind, { operator, now }: OnceDeps): ControllerOptions {
  const { client, informers } = operator;
  const { name, resource, look, watches = [] } = kind;
  const writer = new StatusWriter(client, { resource, manager: `process-meter-${name}-status` });
  const all = informers.for(resource);
  const open = (namespace: string | undefined) =>
    all.list(namespace).filter((object) => !isOver(readStatus(object['status'])));
  return {
    name,
    resource,
    owns: [{ resource: JOBS, options: { labelSelector: MANAGED_SELECTOR } }],
    watches: [
      { resource: PROCESS_METERS, keys: ({ metadata }) => open(metadata.namespace).map(keyOf) },
      ...watches,
    ],
    reconcile: async (key, { object: cached, signal }) => {
      if (cached === undefined || isOver(readStatus(writer.current(cached)))) return undefined;
      const object = await client.get(resource, key, { signal });
      if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
      const status = readStatus(object['status']);
      if (isPaused(object) || isOver(status)) return undefined;
      const standing = await look({ object, status, signal });
      await writer.write(object, statusOf(object, { status, standing, now: now() }), signal);
      return standing.progress.state === 'ready'
        ? undefined
        : { requeueAfterMs: standing.againMs ?? PATIENCE_MS };
    },
  };
}

function statusOf(
  { metadata }: KubeObject,
  { status, standing, now }: { status: CommonStatus; standing: Standing; now: number },
): Record<string, unknown> {
  const { generation } = metadata;
  const said = summaryConditions(standing.progress);
  return {
    ...status,
    ...standing.fields,
    observedGeneration: generation,
    conditions: setConditions(status.conditions ?? [], said, { generation, now }),
  };
}

export const waiting = (reason: BackupReason, message: string, againMs?: number): Standing => ({
  progress: { state: 'reconciling', reason, message },
  ...(againMs === undefined ? {} : { againMs }),
});

export const stalled = (reason: BackupReason, message: string): Standing => ({
  progress: { state: 'stalled', reason, message },
});

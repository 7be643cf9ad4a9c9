import { backupResultSchema, type BackupResult } from '@process-meter/contract';
import { z } from 'zod';
import { JOBS, PODS } from '../resources.ts';
import {
  KubeError,
  ownerReference,
  type Desired,
  type KubeClient,
  type KubeObject,
  type ObjectKey,
} from '../runtime/index.ts';

/** How the one Job of a backup or a restore stands. */
export type JobRun =
  | { state: 'none' }
  /** `trouble`: what keeps it from going on; empty when nothing is known of any. */
  | { state: 'running'; startedAt: string | undefined; trouble: string }
  | {
      state: 'complete';
      startedAt: string | undefined;
      completedAt: string | undefined;
      result: BackupResult;
    }
  /** Its last word is in the message. */
  | { state: 'failed'; startedAt: string | undefined; message: string };

const conditionSchema = z.looseObject({
  type: z.string(),
  status: z.string(),
  message: z.string().default(''),
});
const jobSchema = z.looseObject({
  status: z
    .looseObject({
      startTime: z.string().optional(),
      completionTime: z.string().optional(),
      conditions: z.array(conditionSchema).default([]),
    })
    .prefault({}),
});
const told = { reason: z.string().default(''), message: z.string().default('') };
const podSchema = z.looseObject({
  metadata: z.looseObject({ creationTimestamp: z.string().default('') }),
  status: z
    .looseObject({
      conditions: z.array(conditionSchema).default([]),
      containerStatuses: z
        .array(
          z.looseObject({
            state: z
              .looseObject({
                waiting: z.looseObject(told).optional(),
                terminated: z.looseObject({ ...told, exitCode: z.number() }).optional(),
              })
              .prefault({}),
          }),
        )
        .default([]),
    })
    .prefault({}),
});
type Pod = z.output<typeof podSchema>;

const UID_DIGITS = 8;

/** The Job of an object: one of the same name that is made later has another one. At most 63 characters. */
export function jobKeyOf({ metadata }: KubeObject): ObjectKey {
  const { name, namespace = '', uid = '' } = metadata;
  return { namespace, name: `${name}-${uid.slice(0, UID_DIGITS)}` };
}

/** Makes an object that belongs to its owner and is never changed afterwards; nothing when it is there already. */
export async function makeOnce(
  client: KubeClient,
  owner: KubeObject,
  { resource, object }: Desired,
  signal: AbortSignal,
): Promise<void> {
  const metadata = { ...object.metadata, ownerReferences: [ownerReference(owner)] };
  try {
    await client.create(resource, { ...object, metadata }, { signal });
  } catch (error) {
    if (!(error instanceof KubeError) || !error.alreadyExists) throw error;
  }
}

/** Reads the API server, not a cache: what follows from the answer is done once. */
export async function lookAtJob(client: KubeClient, key: ObjectKey, signal: AbortSignal): Promise<JobRun> {
  const job = await client.get(JOBS, key, { signal });
  if (job === undefined) return { state: 'none' };
  const { startTime: startedAt, completionTime: completedAt, conditions } = jobSchema.parse(job).status;
  const found = (type: string) => conditions.find((one) => one.type === type && one.status === 'True');
  const pods = await podsOf(client, key, signal);
  const failed = found('Failed');
  if (failed !== undefined) {
    const word = lastWord(pods);
    const message = `Job ${key.name} failed (${failed.message})${word === '' ? '.' : `: ${word}`}`;
    return { state: 'failed', startedAt, message };
  }
  if (found('Complete') === undefined) return { state: 'running', startedAt, trouble: troubleOf(pods) };
  const result = resultIn(pods);
  if (result !== undefined) return { state: 'complete', startedAt, completedAt, result };
  return {
    state: 'failed',
    startedAt,
    message: `Job ${key.name} is complete, but what it said of its work cannot be read any more.`,
  };
}

/** Newest first. */
async function podsOf(
  client: KubeClient,
  { namespace, name }: ObjectKey,
  signal: AbortSignal,
): Promise<Pod[]> {
  const labelSelector = `batch.kubernetes.io/job-name=${name}`;
  const pods = await client.list(PODS, { namespace, labelSelector, signal });
  return pods
    .map((pod) => podSchema.parse(pod))
    .toSorted((a, b) => (a.metadata.creationTimestamp < b.metadata.creationTimestamp ? 1 : -1));
}

const endsOf = (pods: readonly Pod[]) =>
  pods.flatMap(({ status }) => status.containerStatuses.flatMap(({ state }) => state.terminated ?? []));

function resultIn(pods: readonly Pod[]): BackupResult | undefined {
  return endsOf(pods)
    .filter(({ exitCode }) => exitCode === 0)
    .map(({ message }) => parsed(message))
    .find((result) => result !== undefined);
}

function parsed(message: string): BackupResult | undefined {
  try {
    return backupResultSchema.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}

const WORD_LENGTH = 500;

/** The last line that the newest failed container said, or the reason that Kubernetes has. */
function lastWord(pods: readonly Pod[]): string {
  const ended = endsOf(pods).find(({ exitCode }) => exitCode !== 0);
  if (ended === undefined) return '';
  const line = ended.message.trim().split('\n').at(-1) ?? '';
  return (line === '' ? ended.reason : line).slice(0, WORD_LENGTH);
}

/** States that every container passes. */
const USUAL = new Set(['', 'ContainerCreating', 'PodInitializing']);

function troubleOf(pods: readonly Pod[]): string {
  const [newest] = pods;
  if (newest === undefined) return '';
  const unscheduled = newest.status.conditions.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  const waiting = newest.status.containerStatuses
    .flatMap(({ state }) => state.waiting ?? [])
    .find(({ reason }) => !USUAL.has(reason));
  const word = lastWord(pods);
  return (
    unscheduled?.message ??
    (waiting === undefined ? undefined : `${waiting.reason}: ${waiting.message}`) ??
    (word === '' ? '' : `the last try said: ${word}`)
  );
}

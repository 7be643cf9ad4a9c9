import { ANNOTATIONS } from '@process-meter/crds';
import { z } from 'zod';
import { controllerOf, type KubeObject } from '../runtime/index.ts';

const jobSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  status: z
    .looseObject({
      ready: z.number().default(0),
      completionTime: z.string().optional(),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().default('') }))
        .default([]),
    })
    .prefault({}),
});

/** One try to bring the database to a schema. */
export interface Migration {
  name: string;
  /** Newest migration that it runs. */
  schema: string;
  /** `begun`: a pod works on it; `waiting`: none does, so it has changed nothing. */
  state: 'waiting' | 'begun' | 'complete' | 'failed';
  /** Why it failed; empty otherwise. */
  failure: string;
  /** When it was complete, RFC 3339. */
  completedAt: string;
}

/** Reads a migration Job. */
export function migrationOf(job: KubeObject): Migration {
  const { metadata, status } = jobSchema.parse(job);
  const found = (type: string) => status.conditions.find((one) => one.type === type && one.status === 'True');
  const failed = found('Failed');
  const open = status.ready > 0 ? 'begun' : 'waiting';
  return {
    name: metadata.name,
    schema: metadata.annotations[ANNOTATIONS.schema] ?? '',
    state: found('Complete') !== undefined ? 'complete' : failed !== undefined ? 'failed' : open,
    failure: failed?.message ?? '',
    completedAt: status.completionTime ?? '',
  };
}

/** The migrations of one ProcessMeter among the Jobs that operators made. */
export function migrationsOf(owner: KubeObject, jobs: readonly KubeObject[]): Migration[] {
  return jobs.filter((job) => controllerOf(job)?.uid === owner.metadata.uid).map(migrationOf);
}

/**
 * The newest migration in the database: what was recorded, or more where a Job was complete while nobody looked. Only
 * the last one counts: after a restore that is the one which ran on the restored database.
 */
export function schemaIn(recorded: string | undefined, migrations: readonly Migration[]): string | undefined {
  const last = migrations
    .filter(({ state }) => state === 'complete')
    .toSorted((a, b) => (a.completedAt < b.completedAt ? -1 : 1))
    .at(-1);
  return recorded !== undefined && last !== undefined && last.schema > recorded ? last.schema : recorded;
}

import {
  processMeterRestoreSpecSchema,
  processMeterRestoreStatusSchema,
  processMeterSpecSchema,
} from '@process-meter/crds';
import type { CommonStatus } from '../platform/status.ts';
import type { KubeObject } from '../runtime/index.ts';
import { migrationsOf, schemaIn } from './migrations.ts';

/** What became of the database while nobody wrote the status. */
export interface Happened {
  jobs: readonly KubeObject[];
  restores: readonly KubeObject[];
}

/**
 * The status as it was written, with the schema that the database has now: a restore that replaced the database counts once,
 * and the migrations that ended after it count as always.
 */
export function withSchema(
  processMeter: KubeObject,
  before: CommonStatus,
  { jobs, restores }: Happened,
): CommonStatus {
  const replaced = lastReplacement(processMeter, restores);
  const isNews = replaced !== undefined && replaced.at !== before['restoredAt'];
  const known: CommonStatus = isNews
    ? { ...before, restoredAt: replaced.at, schemaVersion: replaced.schemaVersion }
    : before;
  const since = text(known['restoredAt']) ?? '';
  const migrations = migrationsOf(processMeter, jobs).filter(({ completedAt }) => completedAt >= since);
  const recorded = text(known['schemaVersion']);
  const schemaVersion = schemaIn(recorded, migrations);
  return schemaVersion === recorded ? known : { ...known, schemaVersion };
}

interface Replacement {
  at: string;
  schemaVersion: string;
}

function lastReplacement(
  { metadata, spec }: KubeObject,
  restores: readonly KubeObject[],
): Replacement | undefined {
  const { database } = processMeterSpecSchema.safeParse(spec).data ?? {};
  return restores
    .flatMap((restore) => replacementBy(restore, metadata.name, database?.external?.secretRef.name))
    .toSorted((a, b) => (a.at < b.at ? -1 : 1))
    .at(-1);
}

/** A database that the operator runs is replaced by the restore itself, one of a person's when their spec names it. */
function replacementBy(
  restore: KubeObject,
  processMeter: string,
  database: string | undefined,
): Replacement[] {
  const spec = processMeterRestoreSpecSchema.safeParse(restore['spec']).data;
  const status = processMeterRestoreStatusSchema.safeParse(restore['status']).data;
  if (spec?.processMeter.name !== processMeter) return [];
  const { switchedAt, completedAt, schemaVersion } = status ?? {};
  const isNamed = database !== undefined && spec.databaseSecretRef?.name === database;
  const at = isNamed ? completedAt : switchedAt;
  return at === undefined || schemaVersion === undefined ? [] : [{ at, schemaVersion }];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

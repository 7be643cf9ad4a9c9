import { JOBS } from '../resources.ts';
import type { Desired, ObjectKey } from '../runtime/index.ts';
import { backupJobSpec, type BackupTarget } from './backup.ts';
import { databaseSecretOf } from './database-secret.ts';
import { metadataOf, type Installation } from './installation.ts';
import { desired } from './tidy.ts';

/** A backup that a person asked for. It removes no other: only those of the schedule do. */
export function backupJob(
  installation: Installation,
  target: Omit<BackupTarget, 'keep'>,
  { name }: ObjectKey,
): Desired {
  const database = { secretRef: databaseSecretOf(installation) };
  return desired(JOBS, {
    metadata: metadataOf(installation, 'backup', name),
    spec: backupJobSpec(installation, database, target),
  });
}

import type { BackupSpec } from '@process-meter/crds';
import { CRON_JOBS, SERVICE_ACCOUNTS } from '../resources.ts';
import type { Desired } from '../runtime/index.ts';
import { backupPlace } from './backup-place.ts';
import { imageOf } from './images.ts';
import { metadataOf, type Bindings, type Installation } from './installation.ts';
import { selectorLabels } from './labels.ts';
import { LAST_WORD, RESTRICTED_CONTAINER, USERS, jobPodTemplate } from './pod.ts';
import { desired } from './tidy.ts';

/** A backup that takes longer than this is not one that ends. */
const DEADLINE_SECONDS = 6 * 3600;

/**
 * Backs the database up at the times that are declared, one run at a time. A run that was missed is made up for within an
 * hour, not at noon.
 */
export function renderBackup(installation: Installation, bindings: Bindings): Desired[] {
  const { spec, names } = installation;
  if (spec.backup === undefined) return [];
  const { schedule, suspend } = spec.backup;
  const metadata = metadataOf(installation, 'backup', names.backup);
  return [
    desired(SERVICE_ACCOUNTS, { metadata, automountServiceAccountToken: false }),
    desired(CRON_JOBS, {
      metadata,
      spec: {
        concurrencyPolicy: 'Forbid',
        failedJobsHistoryLimit: 3,
        jobTemplate: {
          metadata: { labels: selectorLabels('backup', installation.name) },
          spec: backupJobSpec(installation, bindings.database, spec.backup),
        },
        schedule,
        startingDeadlineSeconds: 3600,
        successfulJobsHistoryLimit: 3,
        suspend,
        timeZone: spec.timeZone,
      },
    }),
  ];
}

/** What to back up, and where to; `keep`: number of backups that stay afterwards, all when it is left out. */
export type BackupTarget = Omit<BackupSpec, 'keep' | 'schedule' | 'suspend'> & { keep?: number };

/** One run, whether a schedule or a person asked for it. */
export function backupJobSpec(
  installation: Installation,
  database: Bindings['database'],
  target: BackupTarget,
): object {
  return {
    activeDeadlineSeconds: DEADLINE_SECONDS,
    backoffLimit: 2,
    template: backupPod(installation, database, target),
  };
}

function backupPod(installation: Installation, database: Bindings['database'], backup: BackupTarget): object {
  const { recipients, keep } = backup;
  const place = backupPlace(backup);
  const { spec, release, names, name } = installation;
  const keys = recipients.flatMap((recipient) => ['--for', recipient]);
  const kept = keep === undefined ? [] : ['--keep', String(keep)];
  return jobPodTemplate({
    component: 'backup',
    instance: name,
    fields: {},
    annotations: {},
    labels: metadataOf(installation, 'backup', names.backup).labels ?? {},
    serviceAccount: names.backup,
    user: USERS.app,
    graceSeconds: 30,
    pullSecrets: spec.images.pullSecrets,
    containers: [
      {
        name: 'backup',
        image: imageOf(spec.images, release, 'Manager'),
        imagePullPolicy: spec.images.pullPolicy,
        command: ['node', 'cli.js', 'backup', 'create'],
        args: ['--to', place.address, ...kept, ...keys, '--result', LAST_WORD.terminationMessagePath],
        workingDir: '/app',
        env: [{ name: 'PM_DATABASE_URL', valueFrom: { secretKeyRef: database.secretRef } }, ...place.env],
        securityContext: RESTRICTED_CONTAINER,
        ...LAST_WORD,
        volumeMounts: [...place.mounts, { name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [...place.volumes, { name: 'tmp', emptyDir: {} }],
  });
}

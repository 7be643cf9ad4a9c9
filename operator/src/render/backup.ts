import { CRON_JOBS, SERVICE_ACCOUNTS } from '../resources.ts';
import type { Desired } from '../runtime/index.ts';
import { backupPlace } from './backup-place.ts';
import { imageOf } from './images.ts';
import { metadataOf, type Bindings, type Installation } from './installation.ts';
import { selectorLabels } from './labels.ts';
import { RESTRICTED_CONTAINER, USERS, podTemplate } from './pod.ts';
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
          spec: {
            activeDeadlineSeconds: DEADLINE_SECONDS,
            backoffLimit: 2,
            template: backupPod(installation, bindings, spec.backup),
          },
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

function backupPod(
  installation: Installation,
  { database }: Bindings,
  backup: NonNullable<Installation['spec']['backup']>,
): object {
  const { recipients, keep } = backup;
  const place = backupPlace(backup);
  const { spec, release, names, name } = installation;
  const keys = recipients.flatMap((recipient) => ['--for', recipient]);
  const pod = podTemplate({
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
        args: ['--to', place.address, '--keep', String(keep), ...keys],
        workingDir: '/app',
        env: [{ name: 'PM_DATABASE_URL', valueFrom: { secretKeyRef: database.secretRef } }, ...place.env],
        securityContext: RESTRICTED_CONTAINER,
        volumeMounts: [...place.mounts, { name: 'tmp', mountPath: '/tmp' }],
      },
    ],
    volumes: [...place.volumes, { name: 'tmp', emptyDir: {} }],
  });
  const inner = 'spec' in pod && typeof pod.spec === 'object' ? pod.spec : {};
  return { ...pod, spec: { ...inner, restartPolicy: 'Never' } };
}

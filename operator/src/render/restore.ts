import { JOBS } from '../resources.ts';
import type { Desired, ObjectKey } from '../runtime/index.ts';
import { backupPlace } from './backup-place.ts';
import { imageOf } from './images.ts';
import { metadataOf, type Installation } from './installation.ts';
import { LAST_WORD, RESTRICTED_CONTAINER, USERS, jobPodTemplate, secretVolume } from './pod.ts';
import { desired } from './tidy.ts';

const KEY_FOLDER = '/key';
/** Reading, writing and reading again: more than a backup takes. */
const DEADLINE_SECONDS = 24 * 3600;

type SecretKey = { name: string; key: string };

export interface RestoreInput {
  /** Where the claim or the bucket of the backups is said. */
  backup: NonNullable<Installation['spec']['backup']>;
  /** Name of a file in the claim or below the prefix of the bucket, or an object as `s3://BUCKET/KEY`. */
  location: string;
  identity: SecretKey;
  /** Where the server is said. */
  database: SecretKey;
  /** Database to make on that server; that of the URI when it is left out. */
  into: string | undefined;
}

/** Fills a database that is not in use yet, and keeps what it wrote only when all of it is what was backed up. */
export function restoreJob(installation: Installation, { name }: ObjectKey, input: RestoreInput): Desired {
  return desired(JOBS, {
    metadata: metadataOf(installation, 'restore', name),
    spec: { activeDeadlineSeconds: DEADLINE_SECONDS, backoffLimit: 2, template: pod(installation, input) },
  });
}

function pod(installation: Installation, input: RestoreInput): object {
  const { spec, names } = installation;
  const { identity, backup } = input;
  return jobPodTemplate({
    component: 'restore',
    instance: installation.name,
    fields: {},
    annotations: {},
    labels: metadataOf(installation, 'restore', names.backup).labels ?? {},
    serviceAccount: names.backup,
    user: USERS.app,
    graceSeconds: 30,
    pullSecrets: spec.images.pullSecrets,
    containers: [container(installation, input)],
    volumes: [
      ...backupPlace(backup).volumes,
      secretVolume('key', identity.name, [identity.key]),
      { name: 'tmp', emptyDir: {} },
    ],
  });
}

function container(
  { spec, release }: Installation,
  { backup, location, identity, database, into }: RestoreInput,
): object {
  const place = backupPlace(backup);
  const file = location.includes('://') ? location : `${place.address}/${location}`;
  const made = into === undefined ? [] : ['--into', into];
  const from = ['--from', file, '--key', `${KEY_FOLDER}/${identity.key}`];
  return {
    name: 'restore',
    image: imageOf(spec.images, release, 'Manager'),
    imagePullPolicy: spec.images.pullPolicy,
    command: ['node', 'cli.js', 'backup', 'restore'],
    args: [...from, ...made, '--result', LAST_WORD.terminationMessagePath],
    workingDir: '/app',
    env: [{ name: 'PM_DATABASE_URL', valueFrom: { secretKeyRef: database } }, ...place.env],
    securityContext: RESTRICTED_CONTAINER,
    ...LAST_WORD,
    volumeMounts: [
      ...place.mounts.map((mount) => ({ ...mount, readOnly: true })),
      { name: 'key', mountPath: KEY_FOLDER, readOnly: true },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

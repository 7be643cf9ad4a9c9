import type { ProcessMeter } from '@process-meter/crds';
import { secretVolume } from './pod.ts';

type BackupSpec = NonNullable<ProcessMeter['spec']['backup']>;
type ObjectStorage = NonNullable<BackupSpec['s3']>;

/** How a pod reaches the place of the backups. */
export interface BackupPlace {
  /** For `--to`, and before the name of a backup for `--from`. */
  address: string;
  env: readonly object[];
  mounts: readonly object[];
  volumes: readonly object[];
  /** Ports outside of the installation that it is reached by. */
  ports: readonly number[];
}

const FOLDER = '/backups';
const AUTHORITY = '/etc/process-meter/s3';

/** The claim or the bucket. */
export function backupPlace({ claimName, s3 }: Pick<BackupSpec, 'claimName' | 's3'>): BackupPlace {
  if (s3 !== undefined) return bucket(s3);
  return {
    address: FOLDER,
    env: [],
    mounts: [{ name: 'backups', mountPath: FOLDER }],
    volumes: [{ name: 'backups', persistentVolumeClaim: { claimName } }],
    ports: [],
  };
}

function bucket(s3: ObjectStorage): BackupPlace {
  const { name, accessKeyIdKey, secretAccessKeyKey } = s3.credentialsSecretRef;
  const secret = (key: string): object => ({ secretKeyRef: { name, key } });
  const authority = s3.caSecretRef;
  return {
    address: `s3://${s3.bucket}${s3.prefix === undefined ? '' : `/${s3.prefix}`}`,
    env: [
      { name: 'PM_S3_ENDPOINT', value: s3.endpoint },
      { name: 'AWS_REGION', value: s3.region },
      { name: 'AWS_ACCESS_KEY_ID', valueFrom: secret(accessKeyIdKey) },
      { name: 'AWS_SECRET_ACCESS_KEY', valueFrom: secret(secretAccessKeyKey) },
      ...(authority === undefined
        ? []
        : [{ name: 'NODE_EXTRA_CA_CERTS', value: `${AUTHORITY}/${authority.key}` }]),
    ],
    mounts: authority === undefined ? [] : [{ name: 'authority', mountPath: AUTHORITY, readOnly: true }],
    volumes: authority === undefined ? [] : [secretVolume('authority', authority.name, [authority.key])],
    ports: [portOf(s3.endpoint)],
  };
}

function portOf(endpoint: string): number {
  const { port, protocol } = new URL(endpoint);
  if (port !== '') return Number(port);
  return protocol === 'https:' ? 443 : 80;
}

import { z } from 'zod';
import { BackupError } from './manifest.ts';

const environmentSchema = z.object({
  /** Address of the S3 server, such as `https://s3.corp.local:9000`. */
  PM_S3_ENDPOINT: z.url({ protocol: /^https?$/ }),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_SESSION_TOKEN: z.string().min(1).optional(),
  AWS_REGION: z.string().min(1).default('us-east-1'),
  /** MiB of a part: it is held in memory, and an object has at most 10,000 of them. */
  PM_S3_PART_MIB: z.coerce.number().int().min(5).max(1024).default(32),
});

export interface S3Config {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  partBytes: number;
}

/** Reads where the S3 server is and who asks it. @throws BackupError naming every variable that is missing or wrong */
export function readS3Config(env: NodeJS.ProcessEnv): S3Config {
  const parsed = environmentSchema.safeParse(env);
  if (!parsed.success) {
    const names = new Set(parsed.error.issues.map(({ path }) => String(path[0])));
    throw new BackupError(
      `for s3:// these variables must be set, and are not as they must be: ${[...names].join(', ')}`,
    );
  }
  const values = parsed.data;
  const token = values.AWS_SESSION_TOKEN;
  return {
    endpoint: values.PM_S3_ENDPOINT,
    region: values.AWS_REGION,
    credentials: {
      accessKeyId: values.AWS_ACCESS_KEY_ID,
      secretAccessKey: values.AWS_SECRET_ACCESS_KEY,
      ...(token === undefined ? {} : { sessionToken: token }),
    },
    partBytes: values.PM_S3_PART_MIB * 1024 * 1024,
  };
}

/** A bucket and a key or prefix in it, from `s3://BUCKET/KEY`. */
export interface S3Address {
  bucket: string;
  key: string;
}

const ADDRESS = /^s3:\/\/(?<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(?<key>.*))?$/s;

/** @throws BackupError when it names no bucket */
export function readS3Address(address: string): S3Address {
  const { bucket, key = '' } = ADDRESS.exec(address)?.groups ?? {};
  if (bucket === undefined)
    throw new BackupError(`${address} is no address of a bucket (s3://BUCKET/PREFIX)`);
  return { bucket, key };
}

import { Bucket } from './bucket.ts';
import { downloadObject } from './download.ts';
import { BackupError } from './manifest.ts';
import { isBackupName, type Place, type StoredBackup } from './place.ts';
import { readS3Address, readS3Config } from './s3-config.ts';
import { uploadObject } from './upload.ts';

/** Backups as objects under a prefix, which is empty or ends with a slash. */
export function bucketPlace(
  bucket: Bucket,
  { prefix, partBytes }: { prefix: string; partBytes: number },
): Place {
  const where = (file: string): string => `s3://${bucket.name}/${prefix}${file}`;
  return {
    async put(content, name) {
      const file = await name;
      await uploadObject(bucket, { key: prefix + file, partBytes }, content);
      return where(file);
    },
    async names() {
      return (await bucket.keys(prefix)).map((key) => key.slice(prefix.length));
    },
    async remove(file) {
      await bucket.remove(prefix + file);
      return where(file);
    },
    async tidy(before) {
      const left = (await bucket.uploads(prefix)).filter(
        ({ key, begun }) => isBackupName(key.slice(prefix.length)) && begun < before,
      );
      for (const upload of left) await bucket.abort(upload);
      return left.map(({ key }) => `parts of s3://${bucket.name}/${key}`);
    },
  };
}

/** Where `s3://BUCKET` or `s3://BUCKET/PREFIX` is, with the settings of the environment. */
export function bucketPlaceAt(address: string, env: NodeJS.ProcessEnv): Place {
  const { bucket, key } = readS3Address(address);
  const config = readS3Config(env);
  const prefix = key === '' || key.endsWith('/') ? key : `${key}/`;
  return bucketPlace(new Bucket(bucket, config), { prefix, partBytes: config.partBytes });
}

/** The object at `s3://BUCKET/KEY`. */
export function storedObjectAt(address: string, env: NodeJS.ProcessEnv): StoredBackup {
  const { bucket, key } = readS3Address(address);
  if (key === '' || key.endsWith('/')) throw new BackupError(`${address} names no backup (s3://BUCKET/KEY)`);
  const opened = new Bucket(bucket, readS3Config(env));
  return { location: address, content: () => downloadObject(opened, key) };
}

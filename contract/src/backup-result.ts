import { z } from 'zod';

/**
 * What `manager backup create --result FILE` and `restore --result FILE` write when they have done their work. It fits
 * into the termination message of a container, 4096 bytes.
 */
export const backupResultSchema = z.object({
  /** The file, or the object of a bucket as `s3://BUCKET/KEY`. */
  location: z.string().min(1).max(2000),
  /** Size of the file. */
  bytes: z.int().min(0),
  /** Digest of the file, in hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The instant that all rows belong to. */
  asOf: z.iso.datetime(),
  tables: z.int().min(0),
  rows: z.int().min(0),
  /** Files that went with it, such as the keys of an installation. */
  files: z.int().min(0),
  /** Newest migration of the schema that the rows were written by. */
  schemaVersion: z.string().min(1).max(100),
  /** Version of the product that wrote this. */
  version: z.string().min(1).max(100),
});
export type BackupResult = z.output<typeof backupResultSchema>;

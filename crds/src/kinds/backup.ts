import { z } from 'zod';
import { list, objectName, secretKey } from '../schema/fields.ts';
import { withRules } from '../schema/rules.ts';

const ELEMENT = '(\\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[0-9]{1,2})?';
const FIELD = `${ELEMENT}(,${ELEMENT})*`;
const CRON = new RegExp(`^${FIELD}( ${FIELD}){4}$`);

const recipient = z
  .string()
  .max(100)
  .regex(/^age1[0-9a-z]{58}$/)
  .describe('A public key, as `manager backup key` or `age-keygen` makes it.');

function keyInSecret(usual: string, description: string) {
  return z
    .string()
    .min(1)
    .max(253)
    .regex(/^[-._a-zA-Z0-9]+$/)
    .default(usual)
    .describe(description);
}

const objectStorage = z
  .object({
    endpoint: z
      .string()
      .max(300)
      .regex(/^https?:\/\/[a-zA-Z0-9]([-a-zA-Z0-9.]*[a-zA-Z0-9])?(:[1-9][0-9]{0,4})?$/)
      .describe('Address of the S3 server, such as https://s3.corp.local:9000.'),
    bucket: z
      .string()
      .max(63)
      .regex(/^[a-z0-9][-a-z0-9.]{1,61}[a-z0-9]$/)
      .describe('Bucket that is there; yours, never deleted.'),
    prefix: z
      .string()
      .max(500)
      .regex(/^[-_.a-zA-Z0-9]+(\/[-_.a-zA-Z0-9]+)*$/)
      .optional()
      .describe('What the keys of the backups begin with, before a slash; nothing when empty.'),
    region: z
      .string()
      .max(64)
      .regex(/^[-a-zA-Z0-9]+$/)
      .default('us-east-1')
      .describe('Region that requests are signed for; most servers of your own take the usual one.'),
    credentialsSecretRef: z
      .object({
        name: objectName('Name of the Secret, in the same namespace.'),
        accessKeyIdKey: keyInSecret('AWS_ACCESS_KEY_ID', 'Key of the id of the access key in it.'),
        secretAccessKeyKey: keyInSecret('AWS_SECRET_ACCESS_KEY', 'Key of the secret access key in it.'),
      })
      .describe('Secret with the access key.'),
    caSecretRef: secretKey(
      'ca.crt',
      'Secret with the authority of the certificate of the S3 server, PEM; for one that is not public.',
    ).optional(),
  })
  .describe('Bucket of an S3-compatible server that the backups are written to.');

export const backupSchema = withRules(
  z
    .object({
      schedule: z
        .string()
        .max(100)
        .regex(CRON)
        .default('15 2 * * *')
        .describe('When, in the five fields of cron, in the time zone of the installation.'),
      claimName: objectName(
        'PersistentVolumeClaim that the backups are written to; yours, never deleted.',
      ).optional(),
      s3: objectStorage.optional(),
      recipients: list(
        recipient,
        { min: 1, max: 8 },
        'Public keys that the backups are encrypted for. The secret key of one of them reads them again.',
      ),
      keep: z.int().min(1).max(1000).default(14).describe('Number of backups that stay, the newest ones.'),
      suspend: z.boolean().default(false).describe('True makes no backups for the time.'),
    })
    .describe('Backups of the database at certain times, to a claim or a bucket; none when left out.'),
  [
    {
      cel: 'has(self.claimName) != has(self.s3)',
      message: 'backup needs either claimName or s3, not both',
      holds: (it) => (it.claimName !== undefined) !== (it.s3 !== undefined),
    },
  ],
);

export type BackupSpec = z.output<typeof backupSchema>;

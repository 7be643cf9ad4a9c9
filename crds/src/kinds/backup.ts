import { z } from 'zod';
import { list, objectName } from '../schema/fields.ts';

const ELEMENT = '(\\*|[0-9]{1,2}(-[0-9]{1,2})?)(/[0-9]{1,2})?';
const FIELD = `${ELEMENT}(,${ELEMENT})*`;
const CRON = new RegExp(`^${FIELD}( ${FIELD}){4}$`);

const recipient = z
  .string()
  .max(100)
  .regex(/^age1[0-9a-z]{58}$/)
  .describe('A public key, as `manager backup key` or `age-keygen` makes it.');

export const backupSchema = z
  .object({
    schedule: z
      .string()
      .max(100)
      .regex(CRON)
      .default('15 2 * * *')
      .describe('When, in the five fields of cron, in the time zone of the installation.'),
    claimName: objectName('PersistentVolumeClaim that the backups are written to; yours, never deleted.'),
    recipients: list(
      recipient,
      { min: 1, max: 8 },
      'Public keys that the backups are encrypted for. The secret key of one of them reads them again.',
    ),
    keep: z.int().min(1).max(1000).default(14).describe('Number of backups that stay, the newest ones.'),
    suspend: z.boolean().default(false).describe('True makes no backups for the time.'),
  })
  .describe('Backups of the database at certain times; none when left out.');

export type BackupSpec = z.output<typeof backupSchema>;

import { z } from 'zod';
import { count, instant, reference } from '../schema/fields.ts';
import { READY_COLUMNS, type Column, type Kind, type Resource } from '../schema/kind.ts';
import { immutable } from '../schema/rules.ts';
import { platformStatus } from '../schema/status.ts';
import { shortName } from './pods.ts';

/** Its name begins the name of a Job, which has the first digits of a uid behind it. */
export const JOB_OWNER_NAME = shortName(52);

export const INSTALLATION_COLUMN: Column = {
  name: 'Installation',
  type: 'string',
  jsonPath: '.spec.processMeter.name',
  description: 'The ProcessMeter it is for.',
};

export const MESSAGE_COLUMN: Column = {
  name: 'Message',
  type: 'string',
  jsonPath: '.status.conditions[?(@.type=="Ready")].message',
  description: 'Why it is ready or not, in a sentence.',
  priority: 1,
};

/** What the work of a Job leaves in a status. */
export const jobStatus = {
  jobName: z.string().max(63).optional().describe('Job that does it.'),
  startedAt: instant('When the Job began.').optional(),
  completedAt: instant('When it was done.').optional(),
  location: z
    .string()
    .max(2000)
    .optional()
    .describe('The file in the claim of the backups, or `s3://BUCKET/KEY`.'),
  asOf: instant('The instant that all rows of the backup belong to.').optional(),
  rows: count('Rows of all tables.').optional(),
};

export const processMeterBackupSpecSchema = immutable(
  z
    .object({
      processMeter: reference('The ProcessMeter whose database is backed up, as its `spec.backup` says.'),
    })
    .describe('One backup, made once.'),
  'spec cannot change: make another ProcessMeterBackup',
);

const processMeterBackupStatusSchema = platformStatus({
  ...jobStatus,
  size: z.string().max(20).optional().describe('Size of the file, rounded, such as `1.2Gi`.'),
  sizeBytes: count('Size of the file, in bytes.').optional(),
  sha256: z.string().max(64).optional().describe('Digest of the file, in hex.'),
  schemaVersion: z.string().max(100).optional().describe('Newest migration that had run in the database.'),
  productVersion: z.string().max(100).optional().describe('Release that wrote the file.'),
});

export type ProcessMeterBackupSpec = z.output<typeof processMeterBackupSpecSchema>;
export type ProcessMeterBackup = Resource<
  'ProcessMeterBackup',
  ProcessMeterBackupSpec,
  z.output<typeof processMeterBackupStatusSchema>
>;

export const processMeterBackup = {
  kind: 'ProcessMeterBackup',
  plural: 'processmeterbackups',
  area: 'platform',
  shortNames: ['pmbackup'],
  categories: ['processmeter'],
  summary: 'One backup of the database of a ProcessMeter, made now and once. Deleting it leaves the file.',
  spec: processMeterBackupSpecSchema,
  status: processMeterBackupStatusSchema,
  nameRules: [JOB_OWNER_NAME],
  columns: [
    INSTALLATION_COLUMN,
    ...READY_COLUMNS,
    { name: 'Size', type: 'string', jsonPath: '.status.size', description: 'Size of the file, rounded.' },
    { name: 'Taken', type: 'date', jsonPath: '.status.asOf', description: 'What instant it is of.' },
    {
      name: 'Location',
      type: 'string',
      jsonPath: '.status.location',
      description: 'Where the file is.',
      priority: 1,
    },
    MESSAGE_COLUMN,
  ],
  conditions: [],
  scale: false,
} as const satisfies Kind;

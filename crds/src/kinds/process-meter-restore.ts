import { z } from 'zod';
import { instant, objectName, reference, secretKey } from '../schema/fields.ts';
import { READY_COLUMNS, type Kind, type Resource } from '../schema/kind.ts';
import { immutable, withRules } from '../schema/rules.ts';
import { platformStatus } from '../schema/status.ts';
import { INSTALLATION_COLUMN, JOB_OWNER_NAME, MESSAGE_COLUMN, jobStatus } from './process-meter-backup.ts';

const LOCATION = /^([A-Za-z0-9][-A-Za-z0-9_.]*|s3:\/\/[a-z0-9][-a-z0-9.]*\/[^\s]+)$/;

const from = withRules(
  z
    .object({
      backupName: objectName('A ProcessMeterBackup of the namespace that is ready.').optional(),
      location: z
        .string()
        .min(1)
        .max(2000)
        .regex(LOCATION)
        .optional()
        .describe('A file in the claim of `spec.backup`, or `s3://BUCKET/KEY`.'),
    })
    .describe('What is restored.'),
  [
    {
      cel: 'has(self.backupName) != has(self.location)',
      message: 'from needs either backupName or location, not both',
      holds: (it) => (it.backupName !== undefined) !== (it.location !== undefined),
    },
  ],
);

export const processMeterRestoreSpecSchema = immutable(
  withRules(
    z
      .object({
        processMeter: reference('The ProcessMeter that it is for.'),
        confirm: objectName(
          'The name of the ProcessMeter once more: what was recorded after the backup may be lost.',
        ),
        from,
        identitySecretRef: secretKey(
          'backup.key',
          'Secret with the secret key that reads the backup, as `manager backup key` makes it.',
        ),
        databaseSecretRef: secretKey(
          'uri',
          'Secret with the URI of an empty database to restore into; the installation is left as it is. Without it the database that the operator runs (mode Embedded) is replaced.',
        ).optional(),
      })
      .describe('One restore, done once.'),
    [
      {
        cel: 'self.confirm == self.processMeter.name',
        message: 'confirm must be the name of the ProcessMeter',
        holds: ({ confirm, processMeter }) => confirm === processMeter.name,
      },
    ],
  ),
  'spec cannot change: make another ProcessMeterRestore',
);

/** What a restore is at. From `Stopping` on the database of the installation is replaced. */
const STEPS = ['Restoring', 'Stopping', 'Starting'] as const;
export type RestoreStep = (typeof STEPS)[number];

export const processMeterRestoreStatusSchema = platformStatus({
  ...jobStatus,
  step: z
    .enum(STEPS)
    .optional()
    .describe(
      'Restoring: a Job fills and checks a new database. Stopping: Manager and Ingest end. Starting: they begin on the new one.',
    ),
  stoppingSince: instant('When Manager and Ingest were told to end.').optional(),
  schemaVersion: z
    .string()
    .max(100)
    .optional()
    .describe(
      'Newest migration in the new database: that of the release that runs, or that is gone back to.',
    ),
  switchedAt: instant('When the installation was given the new database.').optional(),
  database: z.string().max(63).optional().describe('Database that holds what was restored.'),
  previousDatabase: z
    .string()
    .max(63)
    .optional()
    .describe('Database that was in use before, on the same server. It stays until you drop it.'),
});

export type ProcessMeterRestoreSpec = z.output<typeof processMeterRestoreSpecSchema>;
export type ProcessMeterRestore = Resource<
  'ProcessMeterRestore',
  ProcessMeterRestoreSpec,
  z.output<typeof processMeterRestoreStatusSchema>
>;

export const processMeterRestore = {
  kind: 'ProcessMeterRestore',
  plural: 'processmeterrestores',
  area: 'platform',
  shortNames: ['pmrestore'],
  categories: ['processmeter'],
  summary:
    'One restore of a backup, done once: into an empty database of yours, or in place of the one that the operator runs.',
  spec: processMeterRestoreSpecSchema,
  status: processMeterRestoreStatusSchema,
  nameRules: [JOB_OWNER_NAME],
  columns: [
    INSTALLATION_COLUMN,
    ...READY_COLUMNS,
    { name: 'As of', type: 'date', jsonPath: '.status.asOf', description: 'What instant the data is of.' },
    {
      name: 'Location',
      type: 'string',
      jsonPath: '.status.location',
      description: 'Where the backup is.',
      priority: 1,
    },
    MESSAGE_COLUMN,
  ],
  conditions: [],
  scale: false,
} as const satisfies Kind;

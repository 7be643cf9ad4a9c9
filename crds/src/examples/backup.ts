import { written, type Examples } from './example.ts';

const NAME =
  'metadata.name must begin with a letter, hold only a-z, 0-9 and -, and have at most 52 characters';

const backup = { processMeter: { name: 'meter' } };

export const processMeterBackupExamples: Examples = {
  kind: 'ProcessMeterBackup',
  valid: [
    {
      name: 'one before an upgrade',
      object: written('ProcessMeterBackup', 'before-upgrade', backup),
    },
  ],
  invalid: [
    {
      name: 'a name that no Job can have',
      object: written('ProcessMeterBackup', '2026-11-30', backup),
      field: '<nil>',
      message: NAME,
    },
    {
      name: 'a name that leaves no room',
      object: written('ProcessMeterBackup', 'b'.repeat(53), backup),
      field: '<nil>',
      message: NAME,
    },
    {
      name: 'of nothing',
      object: written('ProcessMeterBackup', 'nothing', {}),
      field: 'spec.processMeter',
      message: 'Required value',
    },
    {
      name: 'of another installation afterwards',
      before: written('ProcessMeterBackup', 'before-upgrade', backup),
      object: written('ProcessMeterBackup', 'before-upgrade', { processMeter: { name: 'other' } }),
      field: 'spec',
      message: 'spec cannot change: make another ProcessMeterBackup',
    },
  ],
};

const restore = {
  processMeter: { name: 'meter' },
  confirm: 'meter',
  from: { backupName: 'before-upgrade' },
  identitySecretRef: { name: 'meter-backup-key' },
};
const ofRestore = (spec: unknown, name = 'after-upgrade') => written('ProcessMeterRestore', name, spec);
const FROM = 'from needs either backupName or location, not both';

export const processMeterRestoreExamples: Examples = {
  kind: 'ProcessMeterRestore',
  valid: [
    {
      name: 'of a file, into an empty database of yours',
      object: ofRestore({
        ...restore,
        from: { location: 'process-meter-20261130T021500Z.tar.zst.age' },
        databaseSecretRef: { name: 'meter-database-restored' },
      }),
      defaults: { 'identitySecretRef.key': 'backup.key', 'databaseSecretRef.key': 'uri' },
    },
    { name: 'of a backup, in place', object: ofRestore(restore) },
    {
      name: 'of an object in a bucket',
      object: ofRestore({
        ...restore,
        from: { location: 's3://backups/meter/process-meter-20261130T021500Z.tar.zst.age' },
      }),
    },
  ],
  invalid: [
    {
      name: 'a name that leaves no room',
      object: ofRestore(restore, 'r'.repeat(53)),
      field: '<nil>',
      message: NAME,
    },
    {
      name: 'not confirmed',
      object: ofRestore({ ...restore, confirm: 'yes' }),
      field: 'spec',
      message: 'confirm must be the name of the ProcessMeter',
    },
    { name: 'of nothing', object: ofRestore({ ...restore, from: {} }), field: 'spec.from', message: FROM },
    {
      name: 'of a backup and of a file',
      object: ofRestore({ ...restore, from: { backupName: 'a', location: 'b.tar.zst.age' } }),
      field: 'spec.from',
      message: FROM,
    },
    {
      name: 'of a file elsewhere',
      object: ofRestore({ ...restore, from: { location: '../etc/passwd' } }),
      field: 'spec.from.location',
      message: 'should match',
    },
    {
      name: 'without the key',
      object: ofRestore({ ...restore, identitySecretRef: undefined }),
      field: 'spec.identitySecretRef',
      message: 'Required value',
    },
    {
      name: 'of another backup afterwards',
      before: ofRestore(restore),
      object: ofRestore({ ...restore, from: { backupName: 'other' } }),
      field: 'spec',
      message: 'spec cannot change: make another ProcessMeterRestore',
    },
  ],
};

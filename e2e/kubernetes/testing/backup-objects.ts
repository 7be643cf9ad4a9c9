import type { BackupResult } from '@process-meter/contract';

/** What a pod says that made a backup, or restored one. */
export const RESULT: BackupResult = {
  location: '/backups/process-meter-20261130T021500Z.tar.zst.age',
  bytes: 1_234_567,
  sha256: 'a'.repeat(64),
  asOf: '2026-11-30T02:15:00.123Z',
  tables: 40,
  rows: 98_765,
  files: 0,
  schemaVersion: '0010-restored',
  version: '0.1.0',
};
export const WORD = JSON.stringify(RESULT);
export const FILE = 'process-meter-20261130T021500Z.tar.zst.age';

/** `spec.backup` of an installation. */
export const BACKUP_SPEC = { claimName: 'meter-backups', recipients: [`age1${'q'.repeat(58)}`] };

const of = (kind: string, name: string, spec: object): object => ({
  apiVersion: 'processmeter.io/v1alpha1',
  kind,
  metadata: { name },
  spec,
});

export const backup = (name: string, processMeter = 'meter'): object =>
  of('ProcessMeterBackup', name, { processMeter: { name: processMeter } });

export const restore = (name: string, spec: object = {}): object =>
  of('ProcessMeterRestore', name, {
    processMeter: { name: 'meter' },
    confirm: 'meter',
    from: { location: FILE },
    identitySecretRef: { name: 'meter-backup-key' },
    ...spec,
  });

/** The secret key of the backups, as a person gives it. */
export const KEY_SECRET: object = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'meter-backup-key' },
  stringData: { 'backup.key': `AGE-SECRET-KEY-1${'Q'.repeat(58)}` },
};

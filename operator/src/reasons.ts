/**
 * Every reason that a condition can carry, by who says it. People meet them in `kubectl get` and look them up: each has
 * its runbook in docs/operate/runbooks.
 */
export const INSTALLATION_REASONS = [
  // All is well
  'Running',
  'SecretsReady',
  'DatabaseBound',
  'MessagingBound',
  'ServersReady',
  'Migrated',
  'ManagerReady',
  'IngestReady',
  'PortalReady',
  'BackupDeclared',
  'Exposed',
  'PoliciesReady',
  'NothingForEvaluation',
  'NotPaused',
  // Comes right by itself
  'NotReached',
  'ClusterNotReady',
  'CertificateNotReady',
  'PostgresNotReady',
  'NatsNotReady',
  'Migrating',
  'ManagerNotReady',
  'IngestNotReady',
  'PortalNotReady',
  'ApiRefused',
  // Needs a person, or was asked for by one
  'EvaluationOnly',
  'PausedByUser',
  'NamespaceOccupied',
  'UnknownRelease',
  'DowngradeRefused',
  'UpgradeSkipsRelease',
  'UpgradeNotApproved',
  'GeneratedSecretLost',
  'DatabaseSecretMissing',
  'CloudNativePGMissing',
  'TrustSecretMissing',
  'ServersCannotChange',
  'CertManagerMissing',
  'MigrationFailed',
  'GatewayApiMissing',
] as const;
/** Why a ProcessMeter stands as it does. */
export type InstallationReason = (typeof INSTALLATION_REASONS)[number];

export const PART_REASONS = [
  'RolledOut',
  'PodsAnswer',
  'RollingOut',
  'PodsNotReady',
  'TooFewPods',
  'RolloutStuck',
  'SecretMissing',
  'ChangingDatabase',
] as const;
/** Why a Manager, an Ingest or a Portal stands as it does. */
export type PartReason = (typeof PART_REASONS)[number];

export const BACKUP_REASONS = [
  // All is well
  'BackedUp',
  'Restored',
  // Comes right by itself
  'NoProcessMeter',
  'NotReached',
  'BackingUp',
  'Restoring',
  // Needs a person
  'PausedByUser',
  'UnknownRelease',
  'NoBackupTarget',
  'ReferenceMissing',
  'SecretMissing',
  'DatabaseNeeded',
  'BackupFailed',
  'RestoreFailed',
] as const;
/** Why a ProcessMeterBackup or a ProcessMeterRestore stands as it does. */
export type BackupReason = (typeof BACKUP_REASONS)[number];

export const CONFIG_SYNC_REASONS = [
  'Synced',
  'AllowanceUsed',
  'ManagerNotReady',
  'ManagerUnavailable',
  'MassDeleteBlocked',
  'AllowanceUsedUp',
  'DefinitionMissing',
] as const;
/** How the licensing resources of a ProcessMeter stand together: reasons of its condition ConfigSynced. */
export type ConfigSyncReason = (typeof CONFIG_SYNC_REASONS)[number];

export const LICENSING_REASONS = [
  // All is well
  'Synced',
  'AllDeclared',
  // Comes right by itself
  'NoProcessMeter',
  'ManagerNotReady',
  'ManagerUnavailable',
  'ReferenceMissing',
  'NotHeld',
  // Needs a person
  'SeveralProcessMeters',
  'Rejected',
  'Conflict',
  // Of pools
  'LicensesFree',
  'AllInUse',
  'NotCounted',
  'NoEnd',
  'EndIsFar',
  'EndIsNear',
  'EndIsOver',
] as const;
/** Why a licensing resource stands as it does. */
export type LicensingReason = (typeof LICENSING_REASONS)[number];

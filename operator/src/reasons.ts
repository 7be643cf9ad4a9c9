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
  'Exposed',
  'PoliciesReady',
  'NothingForEvaluation',
  'NotPaused',
  // Comes right by itself
  'NotReached',
  'ClusterNotReady',
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
  'GeneratedSecretLost',
  'NoDatabase',
  'DatabaseSecretMissing',
  'CloudNativePGMissing',
  'NoMessaging',
  'TrustSecretMissing',
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
] as const;
/** Why a Manager, an Ingest or a Portal stands as it does. */
export type PartReason = (typeof PART_REASONS)[number];

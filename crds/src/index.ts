export * from './group.ts';
export * from './kinds/application-policy.ts';
export { type BackupSpec } from './kinds/backup.ts';
export * from './kinds/index.ts';
export * from './kinds/ingest.ts';
export * from './kinds/license-pool.ts';
export * from './kinds/license-server.ts';
export * from './kinds/manager.ts';
export * from './kinds/monitored-application.ts';
export * from './kinds/portal.ts';
export * from './kinds/process-meter-backup.ts';
export * from './kinds/process-meter-restore.ts';
export * from './kinds/process-meter.ts';
export * from './kinds/rental-offer.ts';
export { customResourceDefinition, objectSchema, type CustomResourceDefinition } from './schema/crd.ts';
export { durationMs } from './schema/fields.ts';
export {
  COMMON_CONDITIONS,
  type Column,
  type ConditionMeaning,
  type Kind,
  type KubeMetadata,
  type Resource,
} from './schema/kind.ts';
export { type Condition } from './schema/status.ts';
export { SchemaRefused, type StructuralSchema } from './schema/structural.ts';
export { toYaml } from './schema/yaml.ts';

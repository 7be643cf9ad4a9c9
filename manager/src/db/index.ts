export { awaitSchema, schemaState, type SchemaState } from './check.ts';
export { connectDatabase, type Connection, type Db } from './connect.ts';
export { migrate, migrateBy, unknownMigrations } from './migrate.ts';
export type { Database } from './types.ts';
export { readSnapshot } from './snapshot.ts';

import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { MIGRATIONS } from '../../migrations/index.ts';
import type { Db } from './connect.ts';

/**
 * Brings the schema to the newest migration. Two starters at once are safe: the migrator takes a lock, and the one
 * that comes second finds nothing to do.
 * @returns names of what was run
 */
export async function migrate(db: Db): Promise<string[]> {
  return run(db, MIGRATIONS);
}

/** Names of the migrations that this version does not know. */
export function unknownMigrations(names: readonly string[]): string[] {
  return names.filter((name) => !(name in MIGRATIONS));
}

/** Brings an empty database to the schema that the given migrations made, and no further. */
export async function migrateBy(db: Db, names: readonly string[]): Promise<string[]> {
  return run(db, Object.fromEntries(Object.entries(MIGRATIONS).filter(([name]) => names.includes(name))));
}

async function run(db: Db, migrations: typeof MIGRATIONS): Promise<string[]> {
  const migrator = new Migrator({
    db,
    provider: { getMigrations: () => Promise.resolve(migrations) },
    allowUnorderedMigrations: false,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error('the migration failed; nothing of it was kept', { cause: error });
  await rememberBreaking(db, migrations);
  return results.filter((result) => result.status === 'Success').map((result) => result.migrationName);
}

/** Which applied migrations are breaking: an older binary that does not know them must be able to tell. */
async function rememberBreaking(db: Db, migrations: typeof MIGRATIONS): Promise<void> {
  await sql`create table if not exists schema_breaking (name text primary key)`.execute(db);
  for (const [name, { breaking }] of Object.entries(migrations)) {
    if (breaking) await sql`insert into schema_breaking values (${name}) on conflict do nothing`.execute(db);
  }
}

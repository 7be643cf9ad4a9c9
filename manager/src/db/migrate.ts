import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { sql, type Kysely } from 'kysely';
import { Migrator, type Migration, type MigrationProvider } from 'kysely/migration';
import type { Db } from './connect.ts';

export interface NumberedMigration {
  name: string;
  /** Older binaries must not run on a schema with this migration. */
  breaking: boolean;
  up: (db: Kysely<unknown>) => Promise<void>;
}

const FOLDER = join(import.meta.dirname, '..', '..', 'migrations');
const FILE = /^(\d{4}-[a-z0-9-]+)\.ts$/;

/** The migrations of this binary in order: files `NNNN-name.ts`, forward only. */
export async function ownMigrations(): Promise<NumberedMigration[]> {
  const names = readdirSync(FOLDER).flatMap((file) => FILE.exec(file)?.[1] ?? []);
  return Promise.all(
    names.toSorted().map(async (name) => {
      const loaded: unknown = await import(pathToFileURL(join(FOLDER, `${name}.ts`)).href);
      return { name, ...checkedModule(name, loaded) };
    }),
  );
}

/**
 * Brings the schema to the newest migration. Two starters at once are safe: the migrator takes a lock, and the one
 * that comes second finds nothing to do.
 * @returns names of what was run
 */
export async function migrate(db: Db): Promise<string[]> {
  const migrations = await ownMigrations();
  const provider: MigrationProvider = {
    getMigrations: () => Promise.resolve(Object.fromEntries(migrations.map(asKysely))),
  };
  const migrator = new Migrator({ db, provider, allowUnorderedMigrations: false });
  const { error, results = [] } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error('the migration failed; nothing of it was kept', { cause: error });
  await rememberBreaking(db, migrations);
  return results.filter((result) => result.status === 'Success').map((result) => result.migrationName);
}

function asKysely(migration: NumberedMigration): [string, Migration] {
  return [migration.name, { up: migration.up }];
}

/** Which applied migrations are breaking: an older binary that does not know them must be able to tell. */
async function rememberBreaking(db: Db, migrations: readonly NumberedMigration[]): Promise<void> {
  await sql`create table if not exists schema_breaking (name text primary key)`.execute(db);
  for (const { name } of migrations.filter((migration) => migration.breaking)) {
    await sql`insert into schema_breaking values (${name}) on conflict do nothing`.execute(db);
  }
}

function checkedModule(name: string, loaded: unknown): Pick<NumberedMigration, 'breaking' | 'up'> {
  if (typeof loaded === 'object' && loaded !== null && 'up' in loaded && 'breaking' in loaded) {
    const { up, breaking } = loaded;
    if (typeof up === 'function' && typeof breaking === 'boolean') {
      return { breaking, up: (db) => Promise.resolve(Reflect.apply(up, undefined, [db])) };
    }
  }
  throw new Error(`migration ${name} must export breaking: boolean and up(db)`);
}

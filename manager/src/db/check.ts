import { sql } from 'kysely';
import { MIGRATIONS } from '../../migrations/index.ts';
import type { Db } from './connect.ts';

/**
 * How the schema stands to this binary. `older`: wait until somebody migrates. `newer`: this binary is old but can run.
 * `incompatible`: a breaking migration this binary does not know; it must not run.
 */
export type SchemaState = 'ready' | 'older' | 'newer' | 'incompatible';

export async function schemaState(db: Db): Promise<SchemaState> {
  const own = new Set(Object.keys(MIGRATIONS));
  const applied = await namesIn(db, 'kysely_migration');
  if ([...own].some((name) => !applied.has(name))) return 'older';
  const breaking = await namesIn(db, 'schema_breaking');
  if ([...breaking].some((name) => !own.has(name))) return 'incompatible';
  return [...applied].some((name) => !own.has(name)) ? 'newer' : 'ready';
}

/**
 * Waits until the schema fits this binary.
 * @throws when it is incompatible, or still older (or the database silent) after `waitMs`
 */
export async function awaitSchema(db: Db, waitMs = 60_000): Promise<SchemaState> {
  const end = Date.now() + waitMs;
  for (;;) {
    const state = await schemaState(db).catch((cause: unknown) => ({ cause }));
    if (state === 'ready' || state === 'newer') return state;
    if (state === 'incompatible')
      throw new Error('the database has a newer schema that this version cannot use');
    if (Date.now() > end) {
      const cause = typeof state === 'object' ? state.cause : undefined;
      throw new Error('the database is not ready: run `manager migrate`', { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

async function namesIn(db: Db, table: 'kysely_migration' | 'schema_breaking'): Promise<Set<string>> {
  const exists = await sql<{ found: string | null }>`select to_regclass(${table})::text as found`.execute(db);
  if (typeof exists.rows[0]?.found !== 'string') return new Set();
  const { rows } = await sql<{ name: string }>`select name from ${sql.table(table)}`.execute(db);
  return new Set(rows.map((row) => row.name));
}

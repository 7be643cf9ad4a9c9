import type { Pool } from 'pg';

/** All rows of all tables that last, whatever order they lie in, and the next number of each sequence. */
export async function contents(pool: Pool): Promise<Record<string, string>> {
  const { rows: tables } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
       and relpersistence = 'p' and not relispartition and relname not in ('restored', 'kysely_migration')`,
  );
  const found: Record<string, string> = {};
  for (const { name } of tables) {
    const { rows } = await pool.query<{ sum: string }>(
      `select count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)), 0) as sum from "${name}" t`,
    );
    found[name] = rows[0]!.sum;
  }
  const { rows } = await pool.query<{ name: string; last: string | null }>(
    `select sequencename as name, last_value::text as last from pg_sequences where sequencename not like 'restored%'`,
  );
  for (const { name, last } of rows) found[name] = String(last);
  // Leaves a gap, on purpose.
  delete found['application_id_seq'];
  return found;
}

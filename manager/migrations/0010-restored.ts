import { sql, type Kysely } from 'kysely';

export const breaking = false;

/**
 * Every time this database was made of a backup. What came after the backup may still lie in the streams: ingest goes back
 * to before `as_of` once for each row.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table restored (
      id int generated always as identity primary key,
      as_of timestamptz not null,
      at timestamptz not null default now()
    )`.execute(db);
}

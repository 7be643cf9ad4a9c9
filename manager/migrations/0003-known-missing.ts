import { sql, type Kysely } from 'kysely';

export const breaking = false;

/**
 * What an agent itself says is wrong with it, and when two were last seen alive with one key.
 * Which sequences are known to be missing. `seen` stays what it is, so that a record that was reported lost and comes
 * after all is still taken; what is lost is `missing - seen`.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`alter table agent_range add column missing int8multirange not null default '{}'`.execute(db);
  await sql`
    alter table record_gap
      add column epoch bigint,
      add column missing int8multirange`.execute(db);
  await sql`
    alter table agent
      add column trouble text not null default '',
      add column cloned_at timestamptz`.execute(db);
  await sql`create index on record_gap (agent_id, from_at)`.execute(db);
}

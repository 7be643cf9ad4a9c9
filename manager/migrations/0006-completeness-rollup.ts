import { sql, type Kysely } from 'kysely';

export const breaking = false;

/**
 * Completeness from a roll-up: 36 rows of coverage an agent and day are too many to be added up by every report.
 * Coverage is only ever inserted, once, so its time by quarter adds up; what follows no coverage is kept as a break.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table coverage_log (
      account_id int not null,
      agent_id int not null,
      from_at timestamptz not null,
      to_at timestamptz not null,
      cause smallint not null
    )`.execute(db);
  // q is the number of the quarter-hour since 1970 UTC.
  await sql`
    create table coverage_quarter (
      account_id int not null,
      q int not null,
      covered_ms bigint not null,
      primary key (account_id, q)
    ) with (fillfactor = 70)`.execute(db);
  await sql`
    create table coverage_break (
      agent_id int not null,
      at timestamptz not null,
      account_id int not null,
      resumed_at timestamptz,
      primary key (agent_id, at)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index on coverage_break (account_id, at)`.execute(db);
  // Whoever writes coverage logs it, in the same transaction; without a key, so that two writers never wait.
  await sql`
    create function log_coverage() returns trigger language plpgsql as $$
    begin
      insert into coverage_log select account_id, agent_id, from_at, to_at, cause from added where to_at > from_at;
      return null;
    end $$`.execute(db);
  await sql`
    create trigger coverage_logged after insert on coverage referencing new table as added
      for each statement execute function log_coverage()`.execute(db);
  await sql`
    insert into coverage_log
    select account_id, agent_id, from_at, to_at, cause from coverage where to_at > from_at`.execute(db);
  await sessionIndexes(db);
}

/** Sessions of a range, a user or a computer, without reading all that ever began. */
async function sessionIndexes(db: Kysely<unknown>): Promise<void> {
  await sql`
    create index session_long on session (account_id, started)
      where ended is null or ended - started > interval '1 day'`.execute(db);
  await sql`create index on session (account_id, user_name, started)`.execute(db);
  await sql`create index on session (account_id, computer, started)`.execute(db);
}

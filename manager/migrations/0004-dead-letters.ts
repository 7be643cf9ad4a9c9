import { sql, type Kysely } from 'kysely';

export const breaking = false;

/** Dead letters that can be replayed exactly once, and are bounded with a count of what was removed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  // Sequences that are seen, so that the agent lets go of them, but that lie in dead letters and not in rows.
  await sql`alter table agent_range add column parked int8multirange not null default '{}'`.execute(db);
  await sql`
    alter table dead_letter
      add column attempts int not null default 0,
      add column tried_at timestamptz`.execute(db);
  await sql`create index dead_letter_waiting on dead_letter (account_id, code, id) where replayed_at is null`.execute(
    db,
  );
  await sql`create index dead_letter_kept on dead_letter (account_id, code, id)`.execute(db);
  // Account 0: messages for an account that is not here.
  await sql`
    create table dead_letter_dropped (
      account_id int not null,
      code text not null,
      letters bigint not null,
      last_at timestamptz not null,
      primary key (account_id, code)
    )`.execute(db);
}

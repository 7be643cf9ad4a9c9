import { sql, type Kysely } from 'kysely';

export const breaking = false;

/** Closing by the server, exact times of minutes, pages of agents, limits shared by all Manager processes. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await closing(db);
  await minuteTimes(db);
  await sql`create index on agent (account_id, lower(computer), lower(user_name), id)`.execute(db);
  // Counts that may be lost in a crash and cost no log writes.
  await sql`
    create unlogged table attempt_count (
      bucket text not null,
      key bytea not null,
      since timestamptz not null,
      n int not null,
      primary key (bucket, key)
    ) with (fillfactor = 70)`.execute(db);
  await sql`create index on attempt_count (since)`.execute(db);
}

/**
 * What an agent that never came back left open is closed by the server, and opened again when it does come back
 * (ADR 11). What was open stays in `open_document`, marked, so that opening it again restores every row.
 */
async function closing(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table server_closing (
      agent_id int primary key references agent,
      closed_at timestamptz,
      reopened_at timestamptz
    ) with (fillfactor = 70)`.execute(db);
  await sql`alter table open_document add column server_closed boolean not null default false`.execute(db);
  await sql`create index on open_document (account_id, application_id) where not server_closed`.execute(db);
  await sql`create index on session (agent_id) where ended is null`.execute(db);
  await sql`create index on session (agent_id) where end_cause = 20`.execute(db);
  await sql`create index on document (agent_id) where closed is null`.execute(db);
  await sql`create index on document (agent_id) where close_cause = 20`.execute(db);
  // One look into the index a stretch: as an anti-join the planner would read every segment there is.
  await sql`
    create or replace view open_stretch as
    with stretch as (
      select d.agent_id, d.account_id, d.application_id, d.session_id, d.document_id, d.state, d.cause, d.flags,
        d.since as started, greatest(o.as_of, d.since) as ended, true as running
      from open_document d join open_snapshot o using (agent_id) where not d.server_closed
      union all
      select agent_id, account_id, application_id, session_id, document_id, held_state, held_cause, held_flags,
        held_since, since, false
      from open_document where held_since is not null and not server_closed
    )
    select * from stretch t
    where (select true from segment g where g.agent_id = t.agent_id and g.session_id = t.session_id
      and g.document_id = t.document_id and g.started >= t.started limit 1) is null`.execute(db);
}

/** Quarters rolled up before have no exact minutes yet: all of them are computed again. */
async function minuteTimes(db: Kysely<unknown>): Promise<void> {
  await sql`alter table rollup_quarter add column minute_ms bytea`.execute(db);
  await sql`
    insert into dirty_log (application_id, q)
    select application_id, floor(extract(epoch from q) / 900)::int from rollup_quarter`.execute(db);
}

import { sql, type Kysely } from 'kysely';

/** An ingest process that does not forget the times of a session with its late segments would leave wrong ones. */
export const breaking = true;

/**
 * Whole times of ended sessions, so that Session Summary adds up rows instead of segments. All three are null while they
 * are not known; what is known is exact. Every session that is there now is computed in the background.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table session
      add column kept_active_ms double precision,
      add column kept_inactive_ms double precision,
      add column kept_timeout_ms double precision,
      add constraint session_times_of_ended check (kept_active_ms is null or ended is not null)`.execute(db);
  await sql`
    create index session_untimed on session (agent_id, id)
      where ended is not null and kept_active_ms is null`.execute(db);
}

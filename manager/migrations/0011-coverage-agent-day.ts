import { sql, type Kysely } from 'kysely';

export const breaking = false;

/**
 * Covered time by agent and day of UTC, so that completeness by agent does not add up 36 rows of coverage an agent and day.
 * It holds what was taken out of the log, as the roll-up does.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create table coverage_agent_day (
      account_id int not null,
      day date not null,
      agent_id int not null,
      covered_ms bigint not null,
      primary key (account_id, day, agent_id)
    ) with (fillfactor = 70)`.execute(db);
  await keepSums(db);
  // While the trigger is made, nobody writes the log or takes from it until all of this is committed.
  await sql`
    ${addPieces(`(select account_id, agent_id, from_at, to_at from coverage where to_at > from_at
      except all select account_id, agent_id, from_at, to_at from coverage_log)`)}`.execute(db);
}

/**
 * The sums follow the log in the transaction that takes rows out of it. Done here and not by the roller, so that a roller of
 * an older version, which goes on during an upgrade, keeps them too.
 */
async function keepSums(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function add_to_coverage_agent_day() returns trigger language plpgsql as $$
    begin
      ${addPieces('gone')};
      return null;
    end $$`.execute(db);
  await sql`
    create trigger coverage_agent_day_added after delete on coverage_log referencing old table as gone
      for each statement execute function add_to_coverage_agent_day()`.execute(db);
}

/**
 * Agents cut at quarters, so that no piece reaches over midnight; the contract obliges them to be short and no more, so each
 * counts in every day that it touches.
 * @param pieces where they are, as FROM takes it
 */
const addPieces = (pieces: string): ReturnType<typeof sql.raw> =>
  sql.raw(`
    insert into coverage_agent_day as d (account_id, day, agent_id, covered_ms)
    select account_id, date '1970-01-01' + n, agent_id, (extract(epoch from sum(
      least(to_at, to_timestamp((n + 1) * 86400.0)) - greatest(from_at, to_timestamp(n * 86400.0)))) * 1000)::int8
    from ${pieces} piece, generate_series(floor(extract(epoch from from_at) / 86400)::int,
      ceil(extract(epoch from to_at) / 86400)::int - 1) n
    group by account_id, n, agent_id order by account_id, n, agent_id
    on conflict (account_id, day, agent_id) do update set covered_ms = d.covered_ms + excluded.covered_ms`);

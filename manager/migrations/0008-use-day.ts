import { sql, type Kysely } from 'kysely';

export const breaking = false;

/** Every minute of a quarter counts its Active sessions in two bytes; the first 15 are these (`encodeMinutes`). */
const MINUTES = 15;

/** What long reports need of a quarter without its minutes, and sums by day, so that they read no quarters of all applications. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await topActive(db);
  await sql`
    create table use_day (
      account_id int not null,
      day date not null,
      application_id int not null,
      used_ms bigint not null,
      primary key (account_id, day, application_id)
    ) with (fillfactor = 70)`.execute(db);
  await sql`
    insert into use_day (account_id, day, application_id, used_ms)
    select account_id, (q at time zone 'UTC')::date, application_id, sum(ms_active + ms_inactive + ms_timeout)::int8
    from rollup_quarter group by 1, 2, 3`.execute(db);
  await keepSums(db);
}

/** The largest number of sessions that were Active in one minute of the quarter. Counted here, whoever writes the row. */
async function topActive(db: Kysely<unknown>): Promise<void> {
  const count = (minute: number): string =>
    `get_byte(minutes, ${minute * 2}) * 256 + get_byte(minutes, ${minute * 2 + 1})`;
  const counts = Array.from({ length: MINUTES }, (_, minute) => count(minute)).join(', ');
  await sql`
    alter table rollup_quarter add column top_active int not null
      generated always as (greatest(${sql.raw(counts)})) stored`.execute(db);
}

/**
 * The sums follow the quarters in the transaction that writes them, by what is added and what is gone. Done here and not
 * by the roller, so that a roller of an older version, which goes on during an upgrade, keeps them too.
 */
async function keepSums(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function add_to_use_day() returns trigger language plpgsql as $$
    begin
      if tg_op = 'INSERT' then
        insert into use_day as d (account_id, day, application_id, used_ms)
        select account_id, (q at time zone 'UTC')::date, application_id, sum(ms_active + ms_inactive + ms_timeout)::int8
        from added group by 1, 2, 3 order by 1, 2, 3
        on conflict (account_id, day, application_id) do update set used_ms = d.used_ms + excluded.used_ms;
      elsif tg_op = 'UPDATE' then
        insert into use_day as d (account_id, day, application_id, used_ms)
        select account_id, (q at time zone 'UTC')::date, application_id, sum(ms)::int8
        from (select account_id, q, application_id, ms_active + ms_inactive + ms_timeout as ms from added
          union all
          select account_id, q, application_id, -(ms_active + ms_inactive + ms_timeout) from gone) changed
        group by 1, 2, 3 having sum(ms) <> 0 order by 1, 2, 3
        on conflict (account_id, day, application_id) do update set used_ms = d.used_ms + excluded.used_ms;
      else
        update use_day d set used_ms = d.used_ms - g.ms from (
          select account_id, (q at time zone 'UTC')::date as day, application_id,
            sum(ms_active + ms_inactive + ms_timeout)::int8 as ms
          from gone group by 1, 2, 3) g
        where d.account_id = g.account_id and d.day = g.day and d.application_id = g.application_id;
      end if;
      return null;
    end $$`.execute(db);
  await sql`
    create trigger use_day_added after insert on rollup_quarter referencing new table as added
      for each statement execute function add_to_use_day()`.execute(db);
  await sql`
    create trigger use_day_changed after update on rollup_quarter referencing old table as gone new table as added
      for each statement execute function add_to_use_day()`.execute(db);
  await sql`
    create trigger use_day_taken after delete on rollup_quarter referencing old table as gone
      for each statement execute function add_to_use_day()`.execute(db);
}

import type { Pool } from 'pg';
import { rollAll } from './generate.ts';

/**
 * A third of the agents has a session open now, as ingest keeps it: a closed segment, a running one, and the news of a
 * moment ago. Reports "until now" have to add these to the roll-up.
 */
export async function openNow(pool: Pool, account: number, now: number): Promise<void> {
  const parameters = [account, new Date(now)];
  const chosen = `chosen as (
    select a.id as agent, a.user_name, a.computer, p.id as application, a.id::bigint * 1000 as session,
      $2::timestamptz - interval '3 hours' * random() - interval '40 minutes' as started,
      $2::timestamptz - interval '30 minutes' * random() as since
    from agent a join lateral (select id from application where account_id = $1
      order by -ln(1 - random() + a.id * 0) * (row_number() over (order by id)) limit 1) p on true
    where a.account_id = $1 and a.id % 3 = 0)`;
  await pool.query(
    `with ${chosen}, sessions as (
       insert into session select $1, agent, session, application, user_name, computer, ':0', '/usr/bin/app', 7, started,
         null, null, 1 from chosen
     ), documents as (
       insert into document select $1, agent, session, session + 1, 'drawing.odg', '', 'file', 90, started, null, null from chosen
     ), segments as (
       insert into segment select session, session + 1, started, since, 2, 1, $1, application, agent, 1, 1, 1 from chosen
     ), log as (
       insert into dirty_log select application, q from chosen, generate_series(
         floor(extract(epoch from started) / 900)::int, floor(extract(epoch from since) / 900)::int) q
     ), snapshots as (
       insert into open_snapshot select agent, $1, 2, 1, $2, started from chosen
     )
     insert into open_document (agent_id, document_id, session_id, account_id, application_id, state, cause, flags, since)
     select agent, session + 1, session, $1, application, 2, 4, 0, since from chosen`,
    parameters,
  );
  await rollAll(pool);
}

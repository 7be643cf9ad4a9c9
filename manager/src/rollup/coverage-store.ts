import { CAUSE } from '@process-meter/contract';
import type { PoolClient } from 'pg';

interface LoggedRow {
  account_id: number;
  agent_id: number;
  from_at: Date;
  to_at: Date;
  cause: number;
}

/** After these ends nobody used the desktop, or nobody could: nothing is expected until the agent watches again. */
export const LEFT_CAUSES: readonly number[] = [CAUSE.agentStopped, CAUSE.suspended, CAUSE.disconnected];

/**
 * Takes coverage out of its log into the roll-up of completeness: covered time by account and quarter, and the breaks,
 * the instants after which an agent should have watched on and did not. To be called in READ COMMITTED: a break is
 * looked up in all coverage that is committed; what comes later is in the log and mends it in its own round.
 * @returns rows taken
 */
export async function foldCoverage(client: PoolClient, limit: number): Promise<number> {
  const { rows } = await client.query<LoggedRow>(
    `delete from coverage_log where ctid = any(array(select ctid from coverage_log limit $1))
     returning account_id, agent_id, from_at, to_at, cause`,
    [limit],
  );
  if (rows.length === 0) return 0;
  const columns = [
    rows.map((row) => row.account_id),
    rows.map((row) => row.agent_id),
    rows.map((row) => row.from_at),
    rows.map((row) => row.to_at),
  ];
  await client.query(`${PIECES} ${ADD_COVERED}`, columns);
  await client.query(`${PIECES} ${MEND}`, columns);
  await client.query(`${PIECES} ${RESUME}`, columns);
  const causes = rows.map((row) => row.cause);
  await client.query(`${PIECES_WITH_CAUSE} ${BREAK}`, [...columns, causes, LEFT_CAUSES]);
  return rows.length;
}

const PIECES = `
  with piece as (select * from unnest($1::int4[], $2::int4[], $3::timestamptz[], $4::timestamptz[])
    as p(account_id, agent_id, from_at, to_at))`;
const PIECES_WITH_CAUSE = `
  with piece as (select * from unnest($1::int4[], $2::int4[], $3::timestamptz[], $4::timestamptz[], $5::int4[])
    as p(account_id, agent_id, from_at, to_at, cause))`;

const ADD_COVERED = `
  insert into coverage_quarter (account_id, q, covered_ms)
  select account_id, q, sum(extract(epoch from least(to_at, to_timestamp((q + 1) * 900.0))
    - greatest(from_at, to_timestamp(q * 900.0))) * 1000)::int8
  from piece, generate_series(floor(extract(epoch from from_at) / 900)::int,
    ceil(extract(epoch from to_at) / 900)::int - 1) q group by account_id, q order by account_id, q
  on conflict (account_id, q) do update set covered_ms = coverage_quarter.covered_ms + excluded.covered_ms`;

/** A break that a piece goes on from, or lies over, is none. */
const MEND = `
  delete from coverage_break b using piece p
  where b.agent_id = p.agent_id and b.at >= p.from_at and b.at < p.to_at`;

const RESUME = `
  update coverage_break b set resumed_at = f.first from (
    select o.agent_id, o.at, min(p.from_at) as first from piece p join coverage_break o on o.agent_id = p.agent_id
      and o.at < p.from_at and (o.resumed_at is null or o.resumed_at > p.from_at) group by o.agent_id, o.at) f
  where b.agent_id = f.agent_id and b.at = f.at`;

// Looked up piece by piece: as an anti join all coverage of an agent would be compared with all its pieces.
const BREAK = `
  insert into coverage_break (agent_id, at, account_id, resumed_at)
  select distinct p.agent_id, p.to_at, p.account_id,
    (select min(c.from_at) from coverage c where c.agent_id = p.agent_id and c.from_at > p.to_at)
  from piece p left join lateral (select true as found from coverage c where c.agent_id = p.agent_id
    and c.from_at >= p.from_at and c.from_at <= p.to_at and c.to_at > p.to_at limit 1) further on true
  where p.cause <> all($6::int4[]) and further.found is null
  on conflict (agent_id, at) do update set resumed_at = excluded.resumed_at`;

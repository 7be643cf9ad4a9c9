import type { Pool } from 'pg';

/** What somebody would ask the segments themselves, without any roll-up. */
export interface RawQuery {
  sql: string;
  parameters: unknown[];
}

export interface Range {
  from: number;
  to: number;
}

interface Use extends Range {
  account: number;
  application: number;
}

const instants = ({ account, application, from, to }: Use): unknown[] => [
  account,
  application,
  new Date(from),
  new Date(to),
];

/** Segments of the application in the range. No segment is longer than 8 hours. */
const SPANS = `spans as (
  select agent_id, session_id, greatest(started, $3) as started, least(ended, $4) as ended from segment
  where account_id = $1 and application_id = $2 and started < $4 and ended > $3
    and started > $3::timestamptz - interval '8 hours 1 second')`;

/**
 * Exact peaks by slot: a sweep over the segments. Documents of one session are one instance, so the sweep is done per
 * session first. @param bounds starts of the slots, and the end of the last one
 */
export function peaksBySlot(use: Use, bounds: readonly number[]): RawQuery {
  return {
    sql: `with ${SPANS}, steps as (
        select agent_id, session_id, at, sum(d) as d from (
          select agent_id, session_id, started as at, 1 as d from spans
          union all select agent_id, session_id, ended, -1 from spans) s group by agent_id, session_id, at
      ), documents as (
        select agent_id, session_id, at, d, sum(d) over (partition by agent_id, session_id order by at) as n from steps
      ), edges as (
        select at, (n > 0)::int - (n - d > 0)::int as d from documents
        union all select unnest($5::timestamptz[]), 0
      ), levels as (
        select at, sum(sum(d)) over (order by at) as n from edges group by at
      )
      select width_bucket(at, $5::timestamptz[]) - 1 as slot, max(n)::int as n from levels
      where at < $4 group by 1 order by 1`,
    parameters: [...instants(use), bounds.map((at) => new Date(at))],
  };
}

/** Sessions in each minute since 1970. */
export function sessionsByMinute(use: Use): RawQuery {
  return {
    sql: `with ${SPANS}, minutes as (
        select distinct agent_id, session_id, generate_series(floor(extract(epoch from started) / 60)::int,
          ceil(extract(epoch from ended) / 60)::int - 1) as minute from spans)
      select minute as slot, count(*)::int as n from minutes group by 1`,
    parameters: instants(use),
  };
}

export interface SessionsWanted extends Range {
  account: number;
  application?: number;
  user?: string;
}

/** Number and times of the sessions of a range: of overlapping documents the most active state counts. */
export function sessionTimes(wanted: SessionsWanted): RawQuery {
  const length = (ranges: string): string =>
    `(select coalesce(sum(extract(epoch from upper(r) - lower(r))), 0) from unnest(${ranges}) r)`;
  return {
    sql: `with chosen as (
        select agent_id, id, started from session where account_id = $1 and started < $3 and (ended is null or ended > $2)
          and ($4::int is null or application_id = $4) and ($5::text is null or user_name = $5)
      ), states as (
        select c.agent_id, c.id, coalesce(range_agg(tstzrange(g.started, g.ended)) filter (where g.state = 1), '{}') as a,
          coalesce(range_agg(tstzrange(g.started, g.ended)) filter (where g.state = 2), '{}') as i,
          coalesce(range_agg(tstzrange(g.started, g.ended)) filter (where g.state = 3), '{}') as t
        from chosen c left join segment g on g.agent_id = c.agent_id and g.session_id = c.id
          and g.started >= c.started - interval '1 second' group by 1, 2)
      select count(*)::int as sessions, sum(${length('a')})::float8 as active, sum(${length('i - a')})::float8 as inactive,
        sum(${length('t - i - a')})::float8 as timeout from states`,
    parameters: [
      wanted.account,
      new Date(wanted.from),
      new Date(wanted.to),
      wanted.application ?? null,
      wanted.user ?? null,
    ],
  };
}

/** Starts of the local days that lie in the range, and its end. */
export async function dayBounds(pool: Pool, range: Range, zone: string): Promise<number[]> {
  const { rows } = await pool.query<{ at: Date }>(
    `select (day at time zone $3) as at from generate_series(
       date_trunc('day', $1::timestamptz at time zone $3), date_trunc('day', $2::timestamptz at time zone $3),
       interval '1 day') as day`,
    [new Date(range.from), new Date(range.to), zone],
  );
  const inside = rows.map(({ at }) => at.getTime()).filter((at) => at > range.from && at < range.to);
  return [range.from, ...inside, range.to];
}

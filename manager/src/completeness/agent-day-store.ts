import type { PoolClient } from 'pg';
import type { Slot } from '../calendar/index.ts';
import { cutParts } from './model.ts';

const DAY_MS = 86_400_000;

/**
 * Time that each agent watched of a range, ms: whole days of UTC from their sums, and from the log what is not in them yet;
 * the edges of the range from the rows. The running stretch of a connected agent, which no row tells yet, comes from its
 * open snapshot. To be called on one snapshot.
 */
export async function coveredByAgent(
  client: PoolClient,
  account: number,
  range: Slot,
): Promise<Map<number, number>> {
  const firstDay = Math.ceil(range.from / DAY_MS) * DAY_MS;
  const afterDays = Math.max(firstDay, Math.floor(range.to / DAY_MS) * DAY_MS);
  const edges = cutParts(range, DAY_MS);
  const { rows } = await client.query<{ agent_id: number; ms: number }>(COVERED_BY_AGENT, [
    account,
    ...[range.from, range.to, firstDay, afterDays].map((at) => new Date(at)),
    edges.map(({ from }) => new Date(from)),
    edges.map(({ to }) => new Date(to)),
  ]);
  return new Map(rows.map((row) => [row.agent_id, row.ms]));
}

// A piece of coverage is no longer than a quarter. At the edges it is counted whether or not it is in the log still.
const COVERED_BY_AGENT = `
  with piece as (
    select agent_id, from_at, to_at, $4::timestamptz as lo, $5::timestamptz as hi from coverage_log
      where account_id = $1 and from_at < $5 and to_at > $4
    union all
    select agent_id, from_at, to_at, lo, hi from unnest($6::timestamptz[], $7::timestamptz[]) edge(lo, hi), coverage
      where account_id = $1 and from_at < hi and from_at >= lo - interval '15 minutes' and to_at > lo
    union all
    select agent_id, watched_from, as_of, $2, $3 from open_snapshot
      where account_id = $1 and watched_from < $3 and as_of > greatest(watched_from, $2)
  )
  select agent_id, sum(ms) as ms from (
    select agent_id, covered_ms::float8 as ms from coverage_agent_day where account_id = $1
      and day >= ($4 at time zone 'UTC')::date and day < ($5 at time zone 'UTC')::date
    union all
    select agent_id, (extract(epoch from sum(least(to_at, hi) - greatest(from_at, lo))) * 1000)::float8 from piece
      group by agent_id) covered
  group by agent_id`;

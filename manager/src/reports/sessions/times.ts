import type { PoolClient } from 'pg';
import { sweptTimes } from '../../session-times/index.ts';
import type { SessionFilter } from './filter.ts';

export const TIMES = ['active_ms', 'inactive_ms', 'timeout_ms'] as const;

/** How many sessions have no times kept: open ones, and ended ones that were not computed yet. */
export type Rest = 'few' | 'many';

/**
 * `times` of those sessions that have none kept, up to the last news: few are looked up one by one, of many the weeks
 * are read.
 * @param of relation with the sessions
 */
export const sweptRest = (of: string, rest: Rest): string => `
  rest as materialized (select agent_id, id, started from ${of} where kept_active_ms is null),
  ${sweptTimes('rest', 'all', rest === 'many' ? SINCE_FIRST : '')}`;

/**
 * `timed`: sessions with their whole times: kept ones are taken as they are.
 * @param of relation with the sessions
 */
export const withTimes = (of: string, rest: Rest): string => `
  ${sweptRest(of, rest)}, timed as (
    select c.*, ${TIMES.map(timeOf).join(', ')}, ${TIMES.map(knownTime).join(' + ')} as open_ms
    from ${of} c left join times t on t.agent_id = c.agent_id and t.session_id = c.id
  )`;

const knownTime = (column: string): string => `coalesce(c.kept_${column}, t.${column}, 0)`;
const timeOf = (column: string): string => `${knownTime(column)} as ${column}`;

/** Known before the join runs, so that weeks without such sessions are not read. */
const SINCE_FIRST = `and g.started >= (select min(started) - interval '1 second' from rest)`;

/** More than these are not looked up one by one. */
const FEW = 1000;

/**
 * One look into two small indexes. Of an application, a user, a computer or a session alone there are never many.
 * The planner takes a thousand sessions for one, and would compare each with each: for many it is told not to.
 */
export async function restOf(client: PoolClient, filter: SessionFilter): Promise<Rest> {
  if (!isWide(filter)) return 'few';
  const { rows } = await client.query<{ n: number }>(
    `select (select count(*) from (select from session where account_id = $1 and ended is null limit $2) o)::int
       + (select count(*) from (select from session where ended is not null and kept_active_ms is null limit $2) u)::int as n`,
    [filter.account, FEW + 1],
  );
  return (rows[0]?.n ?? 0) > FEW ? 'many' : 'few';
}

export async function withoutLoops<T>(client: PoolClient, rest: Rest, query: () => Promise<T>): Promise<T> {
  if (rest === 'few') return query();
  await client.query('set local enable_nestloop = off');
  const result = await query();
  await client.query('set local enable_nestloop = on');
  return result;
}

/** Not narrowed to one application, user, computer or session. */
const isWide = ({ applications, users, computers, session }: SessionFilter): boolean =>
  session === undefined && [applications, users, computers].every((each) => (each?.length ?? 2) > 1);

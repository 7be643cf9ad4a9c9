import {
  causeName,
  STATE,
  stateName,
  type SessionRow,
  type SessionsQuery,
  type Sessions,
  type StateName,
} from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { sweptTimes } from '../../session-times/index.ts';

export interface SessionFilter {
  account: number;
  from: number;
  to: number;
  /** Ids; those that are not there are left out. */
  applications?: readonly number[] | undefined;
  users?: readonly string[] | undefined;
  computers?: readonly string[] | undefined;
  session?: string | undefined;
  /** Only open sessions, in one of these states. */
  states?: readonly StateName[] | undefined;
  at?: number | undefined;
}

/**
 * Sessions that were open at any moment of the range. Few are longer than a day: those are found by an index of their
 * own, so that a range reads the sessions of its days and not all that began before it ends.
 */
export const OPEN_IN_RANGE = `
  open_in_range as not materialized (
    select * from session where account_id = $1 and started < $3 and started >= $2::timestamptz - interval '1 day'
      and (ended is null or ended > $2)
    union all
    select * from session where account_id = $1 and started < least($3, $2::timestamptz - interval '1 day')
      and (ended is null or ended - started > interval '1 day') and (ended is null or ended > $2)
  )`;

/** An agent is found by the part of a reference before the dot; only its sessions are compared whole. */
const REFERENCE_BEGINS = `s.agent_id = any(array(select a.id from agent a where starts_with(a.external_id, split_part($7, '.', 1))))
  and (select starts_with(${refOf('s')}, $7) from agent a where a.id = s.agent_id)`;

/** Of a session `s`; null once it ended. */
export const STATE_NOW = `select min(d.state) from open_document d where d.agent_id = s.agent_id and d.session_id = s.id`;

/** Whether a session `s` passes all of the filters. */
export const PASSES = [
  `($4::int[] is null or s.application_id = any($4))`,
  `($5::text[] is null or s.user_name = any($5))`,
  `($6::text[] is null or s.computer = any($6))`,
  `($7::text is null or (${REFERENCE_BEGINS}))`,
  `($8::int[] is null or (s.ended is null and (${STATE_NOW}) = any($8)))`,
  `($9::timestamptz is null or (s.started <= $9 and (s.ended is null or s.ended > $9)))`,
].join(' and ');

const TIMES = ['active_ms', 'inactive_ms', 'timeout_ms'] as const;

/** What the filter gives, with the times that are kept. */
const CHOSEN = `
  with ${OPEN_IN_RANGE}, chosen as (
    select s.agent_id, s.id, s.application_id, s.user_name, s.computer, s.desktop, s.started, s.ended, s.end_cause,
      s.kept_active_ms, s.kept_inactive_ms, s.kept_timeout_ms
    from open_in_range s
    where ${PASSES}
  )`;

/** Of a session `of` and its agent `a`. */
function refOf(of: string): string {
  return `a.external_id || '.' || lpad(to_hex(${of}.id), 16, '0')`;
}

/** How many sessions have no times kept: open ones, and ended ones that were not computed yet. */
type Rest = 'few' | 'many';

/**
 * `timed`: sessions with their whole times up to the last news. Kept times are taken as they are, the rest is swept: few
 * sessions are looked up one by one, of many the weeks are read.
 * @param of relation with the sessions
 */
const withTimes = (of: string, rest: Rest): string => `
  rest as materialized (select agent_id, id, started from ${of} where kept_active_ms is null),
  ${sweptTimes('rest', 'all', rest === 'many' ? SINCE_FIRST : '')}, timed as (
    select c.*, ${TIMES.map(timeOf).join(', ')},
      ${TIMES.map(knownTime).join(' + ')} as open_ms
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
async function restOf(client: PoolClient, filter: SessionFilter): Promise<Rest> {
  if (!isWide(filter)) return 'few';
  const { rows } = await client.query<{ n: number }>(
    `select (select count(*) from (select from session where account_id = $1 and ended is null limit $2) o)::int
       + (select count(*) from (select from session where ended is not null and kept_active_ms is null limit $2) u)::int as n`,
    [filter.account, FEW + 1],
  );
  return (rows[0]?.n ?? 0) > FEW ? 'many' : 'few';
}

async function withoutLoops<T>(client: PoolClient, rest: Rest, query: () => Promise<T>): Promise<T> {
  if (rest === 'few') return query();
  await client.query('set local enable_nestloop = off');
  const result = await query();
  await client.query('set local enable_nestloop = on');
  return result;
}

/** Not narrowed to one application, user, computer or session. */
const isWide = ({ applications, users, computers, session }: SessionFilter): boolean =>
  session === undefined && [applications, users, computers].every((each) => (each?.length ?? 2) > 1);

/** Whether nothing is asked for but the range. */
export const isWhole = ({ applications, users, computers, states, session, at }: SessionFilter): boolean =>
  [applications, users, computers, states, session, at].every((asked) => asked === undefined);

const SORT_COLUMNS = {
  started: 'started',
  user: 'lower(user_name)',
  application: 'lower(application_name)',
  computer: 'lower(computer)',
  open: 'open_ms',
  active: 'active_ms',
  inactive: 'inactive_ms',
  timeout: 'timeout_ms',
} as const;
type SortName = keyof typeof SORT_COLUMNS;

/** Ids of applications of the account, also of deleted ones; what there is not is left out. */
export async function applicationIds(
  client: PoolClient,
  account: number,
  slugs: readonly string[],
): Promise<number[]> {
  const { rows } = await client.query<{ id: number }>(
    'select id from application where account_id = $1 and slug = any($2)',
    [account, slugs],
  );
  return rows.map(({ id }) => id);
}

export interface Page {
  sort: SessionsQuery['sort'];
  limit: number;
  offset: number;
}

interface ListedRow {
  ref: string;
  application_id: number;
  slug: string;
  title: string;
  user_name: string;
  computer: string;
  desktop: string;
  started: Date;
  ended: Date | null;
  end_cause: number | null;
  state_now: number | null;
  documents: number;
  active_ms: number;
  inactive_ms: number;
  timeout_ms: number;
}

export async function listSessions(
  client: PoolClient,
  filter: SessionFilter,
  page: Page,
): Promise<SessionRow[]> {
  const rest = isByTime(page.sort) ? await restOf(client, filter) : 'few';
  const near = isWhole(filter) ? await nearEnough(client, filter, page) : ALL_TIME;
  const { rows } = await withoutLoops(client, rest, () =>
    client.query<ListedRow>(
      `${CHOSEN}, ${pageOf(page.sort, rest)}
       select s.*, case when s.ended is null then (${STATE_NOW}) end as state_now,
         (select count(*)::int from document d where d.agent_id = s.agent_id and d.session_id = s.id) as documents
       from page s order by ${orderBy(page.sort)}, ref`,
      [...parameters(filter), page.limit, page.offset, ...near],
    ),
  );
  return rows.map(rowOf);
}

/** First and last start (as SQL instants, inclusive) of the sessions that may be on a page. */
type Starts = readonly [string, string];
const ALL_TIME: Starts = ['-infinity', 'infinity'];

/**
 * In the order of starts the page is found by the index: where as many sessions began as there are up to its end, no
 * later one (or earlier one, in the order from the last) can be on it.
 */
async function nearEnough(client: PoolClient, filter: SessionFilter, page: Page): Promise<Starts> {
  if (page.sort !== 'started' && page.sort !== '-started') return ALL_TIME;
  const { rows } = await client.query<{ edge: string }>(
    `select started::text as edge from session where account_id = $1 and started < $3
       and started >= $2::timestamptz - interval '1 day' and (ended is null or ended > $2)
     order by ${orderBy(page.sort)} offset $4 limit 1`,
    [filter.account, new Date(filter.from), new Date(filter.to), page.offset + page.limit - 1],
  );
  const edge = rows[0]?.edge;
  if (edge === undefined) return ALL_TIME;
  return page.sort === 'started' ? [ALL_TIME[0], edge] : [edge, ALL_TIME[1]];
}

export async function sumSessions(
  client: PoolClient,
  filter: SessionFilter,
): Promise<{ total: number; totals: Sessions['totals'] }> {
  const rest = await restOf(client, filter);
  const { rows } = await withoutLoops(client, rest, () =>
    client.query<{ n: number; active_ms: number; inactive_ms: number; timeout_ms: number }>(
      sumsOf(rest),
      parameters(filter),
    ),
  );
  const [sum] = rows;
  return {
    total: sum?.n ?? 0,
    totals: {
      activeMs: sum?.active_ms ?? 0,
      inactiveMs: sum?.inactive_ms ?? 0,
      timeoutMs: sum?.timeout_ms ?? 0,
    },
  };
}

/** Kept times are added up where they lie; what has none is found by its own indexes. */
const sumsOf = (rest: Rest): string => `
  with ${OPEN_IN_RANGE}, untimed_in_range as (
    select * from session where account_id = $1 and started < $3 and ended is null
    union all
    select * from session where account_id = $1 and started < $3 and ended > $2 and kept_active_ms is null
  ), rest as materialized (select agent_id, id, started from untimed_in_range s where ${PASSES}),
  ${sweptTimes('rest', 'all', rest === 'many' ? SINCE_FIRST : '')}
  select k.n, ${TIMES.map((of) => `k.${of} + t.${of} as ${of}`).join(', ')}
  from (select count(*)::int as n, ${TIMES.map((of) => `coalesce(sum(kept_${of}), 0) as ${of}`).join(', ')}
      from open_in_range s where ${PASSES}) k,
    (select ${TIMES.map((of) => `coalesce(sum(${of}), 0) as ${of}`).join(', ')} from times) t`;

/** Of {@link CHOSEN}. */
export function parameters(filter: SessionFilter): unknown[] {
  return [
    filter.account,
    new Date(filter.from),
    new Date(filter.to),
    filter.applications ?? null,
    filter.users ?? null,
    filter.computers ?? null,
    filter.session ?? null,
    filter.states?.map((name) => STATE[name]) ?? null,
    filter.at === undefined ? null : new Date(filter.at),
  ];
}

/**
 * `page` with its times. Names and references are made for what may be on the page only: what is equal in the order at
 * its end is settled by the reference. Only where times give the order are those of all sessions needed.
 */
function pageOf(sort: SessionsQuery['sort'], rest: Rest): string {
  const by = orderBy(sort);
  const top = (of: string): string =>
    `top as (select * from ${of} where started >= $12 and started <= $13
      order by ${by} fetch first ($10::int + $11::int) rows with ties)`;
  const cut = `cut as (
    select t.*, p.slug, p.name as title, ${refOf('t')} as ref
    from top t join (select id, external_id from agent) a on a.id = t.agent_id
      join (select id, slug, name from application) p on p.id = t.application_id
    order by ${by}, ref limit $10 offset $11)`;
  if (isByTime(sort))
    return `${withTimes('chosen', rest)}, ${top('timed')}, ${cut}, page as (select * from cut)`;
  const named = `named as (select c.*, p.name as application_name from chosen c join application p on p.id = c.application_id)`;
  const first = by.includes('application_name') ? `${named}, ${top('named')}` : top('chosen');
  return `${first}, ${cut}, ${withTimes('cut', 'few')}, page as (select * from timed)`;
}

const BY_TIME: ReadonlySet<string> = new Set(['open', 'active', 'inactive', 'timeout']);
const isByTime = (sort: SessionsQuery['sort']): boolean => BY_TIME.has(sort.replace('-', ''));

/** Column names come from the fixed map above, never from the request. */
function orderBy(sort: SessionsQuery['sort']): string {
  const descending = sort.startsWith('-');
  const name = sortName(descending ? sort.slice(1) : sort);
  return `${SORT_COLUMNS[name]} ${descending ? 'desc' : 'asc'}`;
}

function sortName(text: string): SortName {
  const known = (Object.keys(SORT_COLUMNS) as SortName[]).find((name) => name === text);
  return known ?? 'started';
}

function rowOf(row: ListedRow): SessionRow {
  return {
    session: row.ref,
    application: { id: row.application_id, slug: row.slug, name: row.title },
    user: row.user_name,
    computer: row.computer,
    desktop: row.desktop,
    started: row.started.getTime(),
    ended: row.ended?.getTime() ?? null,
    endCause: row.end_cause === null ? null : (causeName(row.end_cause) ?? null),
    state: row.state_now === null ? null : (stateName(row.state_now) ?? null),
    documents: row.documents,
    activeMs: row.active_ms,
    inactiveMs: row.inactive_ms,
    timeoutMs: row.timeout_ms,
  };
}

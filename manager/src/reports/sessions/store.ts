import {
  causeName,
  stateName,
  type ApplicationRef,
  type SessionRow,
  type SessionsQuery,
  type Sessions,
} from '@process-meter/contract';
import type { PoolClient } from 'pg';
import { sweptTimes } from '../../session-times/index.ts';

export interface SessionFilter {
  account: number;
  from: number;
  to: number;
  /** Its id; 0 for one that is not there. */
  application?: number | undefined;
  user?: string | undefined;
  computer?: string | undefined;
  session?: string | undefined;
  state?: SessionsQuery['state'];
  at?: number | undefined;
}

/**
 * Sessions that were open at any moment of the range. Few are longer than a day: those are found by an index of their
 * own, so that a range reads the sessions of its days and not all that began before it ends.
 */
const OPEN_IN_RANGE = `
  open_in_range as (
    select * from session where account_id = $1 and started < $3 and started >= $2::timestamptz - interval '1 day'
      and (ended is null or ended > $2)
    union all
    select * from session where account_id = $1 and started < least($3, $2::timestamptz - interval '1 day')
      and (ended is null or ended - started > interval '1 day') and (ended is null or ended > $2)
  )`;

/** An agent is found by the part of a reference before the dot; only its sessions are compared whole. */
const REFERENCE_BEGINS = `s.agent_id = any(array(select a.id from agent a where starts_with(a.external_id, split_part($7, '.', 1))))
  and (select starts_with(${refOf('s')}, $7) from agent a where a.id = s.agent_id)`;

const STATE_NOW = `select min(d.state) from open_document d where d.agent_id = s.agent_id and d.session_id = s.id`;

/** What the filter gives, with the times that are kept. */
const CHOSEN = `
  with ${OPEN_IN_RANGE}, chosen as (
    select s.agent_id, s.id, s.application_id, s.user_name, s.computer, s.desktop, s.started, s.ended, s.end_cause,
      s.kept_active_ms, s.kept_inactive_ms, s.kept_timeout_ms
    from open_in_range s
    where ($4::int is null or s.application_id = $4) and ($5::text is null or s.user_name = $5)
      and ($6::text is null or s.computer = $6) and ($7::text is null or (${REFERENCE_BEGINS}))
      and ($8::int is null or (s.ended is null and (${STATE_NOW}) = $8))
      and ($9::timestamptz is null or (s.started <= $9 and (s.ended is null or s.ended > $9)))
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
    select c.*, ${(['active_ms', 'inactive_ms', 'timeout_ms'] as const).map(timeOf).join(', ')},
      ${(['active_ms', 'inactive_ms', 'timeout_ms'] as const).map(knownTime).join(' + ')} as open_ms
    from ${of} c left join times t on t.agent_id = c.agent_id and t.session_id = c.id
  )`;

const knownTime = (column: string): string => `coalesce(c.kept_${column}, t.${column}, 0)`;
const timeOf = (column: string): string => `${knownTime(column)} as ${column}`;

/** Known before the join runs, so that weeks without such sessions are not read. */
const SINCE_FIRST = `and g.started >= (select min(started) - interval '1 second' from rest)`;

/** More than these are not looked up one by one. */
const FEW = 1000;

/**
 * One look into two small indexes. Of one application, user, computer or session there are never many.
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
const isWide = ({ application, user, computer, session }: SessionFilter): boolean =>
  application === undefined && user === undefined && computer === undefined && session === undefined;

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

/** Id of an application of the account, also of a deleted one; 0 when there is none. */
export async function applicationId(client: PoolClient, account: number, slug: string): Promise<number> {
  const { rows } = await client.query<{ id: number }>(
    'select id from application where account_id = $1 and slug = $2',
    [account, slug],
  );
  return rows[0]?.id ?? 0;
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
  const { rows } = await withoutLoops(client, rest, () =>
    client.query<ListedRow>(
      `${CHOSEN}, ${pageOf(page.sort, rest)}
       select s.*, case when s.ended is null then (${STATE_NOW}) end as state_now,
         (select count(*)::int from document d where d.agent_id = s.agent_id and d.session_id = s.id) as documents
       from page s order by ${orderBy(page.sort)}, ref`,
      [...parameters(filter), page.limit, page.offset],
    ),
  );
  return rows.map(rowOf);
}

export async function sumSessions(
  client: PoolClient,
  filter: SessionFilter,
): Promise<{ total: number; totals: Sessions['totals'] }> {
  const rest = await restOf(client, filter);
  const { rows } = await withoutLoops(client, rest, () =>
    client.query<{ n: number; active_ms: number; inactive_ms: number; timeout_ms: number }>(
      `${CHOSEN}, ${withTimes('chosen', rest)} select count(*)::int as n, coalesce(sum(active_ms), 0) as active_ms,
         coalesce(sum(inactive_ms), 0) as inactive_ms, coalesce(sum(timeout_ms), 0) as timeout_ms from timed`,
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

const FACET_LIMIT = 200;

/** Values to choose from in the range, whatever the filter: a choice can be changed, not only narrowed. */
export async function sessionFacets(client: PoolClient, filter: SessionFilter): Promise<Sessions['facets']> {
  const { rows } = await client.query<FacetRow>(FACETS, [
    filter.account,
    new Date(filter.from),
    new Date(filter.to),
  ]);
  const values = (kind: 'user' | 'computer'): Sessions['facets']['users'] =>
    rows.flatMap((row) => (row.kind === kind ? [{ value: row.value, count: row.count }] : []));
  const used = new Map(rows.map((row) => [row.kind === 'application' ? row.value : null, row.count]));
  const { rows: known } = await client.query<ApplicationRef & { deleted: boolean }>(
    'select id, slug, name, deleted_at is not null as deleted from application where account_id = $1',
    [filter.account],
  );
  const applications = known
    .map(({ id, slug, name, deleted }) => ({ id, slug, name, deleted, count: used.get(String(id)) ?? 0 }))
    .filter(({ deleted, count }) => !deleted || count > 0)
    .toSorted((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
    .slice(0, FACET_LIMIT)
    .map(({ id, slug, name, count }) => ({ id, slug, name, count }));
  return { applications, users: values('user'), computers: values('computer') };
}

interface FacetRow {
  kind: 'application' | 'user' | 'computer';
  value: string;
  count: number;
}

const FACETS = `
  with ${OPEN_IN_RANGE}, counted as (
    select case when grouping(application_id) = 0 then 'application' when grouping(user_name) = 0 then 'user'
        else 'computer' end as kind,
      coalesce(application_id::text, user_name, computer) as value, count(*)::int as count
    from open_in_range group by grouping sets ((application_id), (user_name), (computer))
  ), ranked as (
    select *, row_number() over (partition by kind order by count desc, value) as rank from counted)
  select kind, value, count from ranked where kind = 'application' or rank <= ${FACET_LIMIT}
  order by kind, count desc, value`;

function parameters(filter: SessionFilter): unknown[] {
  const states = { active: 1, inactive: 2, timeout: 3 } as const;
  return [
    filter.account,
    new Date(filter.from),
    new Date(filter.to),
    filter.application ?? null,
    filter.user ?? null,
    filter.computer ?? null,
    filter.session ?? null,
    filter.state === undefined ? null : states[filter.state],
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
    `top as (select * from ${of} order by ${by} fetch first ($10::int + $11::int) rows with ties)`;
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

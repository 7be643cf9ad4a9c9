import {
  causeName,
  stateName,
  type ApplicationRef,
  type SessionRow,
  type SessionsQuery,
  type Sessions,
} from '@process-meter/contract';
import type { PoolClient } from 'pg';

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

const CHOSEN = `
  with ${OPEN_IN_RANGE}, chosen as (
    select s.*, a.external_id, p.slug, p.name as application_name,
      a.external_id || '.' || lpad(to_hex(s.id), 16, '0') as ref,
      case when s.ended is null then (select min(d.state) from open_document d
        where d.agent_id = s.agent_id and d.session_id = s.id) end as state_now
    from open_in_range s join agent a on a.id = s.agent_id join application p on p.id = s.application_id
    where ($4::int is null or s.application_id = $4) and ($5::text is null or s.user_name = $5)
      and ($6::text is null or s.computer = $6)
      and ($7::text is null or starts_with(a.external_id || '.' || lpad(to_hex(s.id), 16, '0'), $7))
      and ($9::timestamptz is null or (s.started <= $9 and (s.ended is null or s.ended > $9)))
  ), filtered as (select * from chosen where ($8::int is null or state_now = $8))`;

/**
 * Whole times of sessions up to the last news. Time by state is that of the most active document, computed as a sweep in
 * SQL over segments and open documents.
 * @param of relation with the sessions
 * @param wide they are many: their weeks are read whole. Few are looked up one by one.
 */
const timesOf = (of: string, wide: boolean): string => `
  spans as (
    select g.agent_id, g.session_id, g.started, g.ended, g.state from ${of} c
      join segment g on g.agent_id = c.agent_id and g.session_id = c.id and g.ended > g.started
        and g.started >= c.started - interval '1 second'
      ${wide ? withinWeeks(of) : ''}
    union all
    select o.agent_id, o.session_id, o.started, o.ended, o.state from ${of} c
      join open_stretch o on o.agent_id = c.agent_id and o.session_id = c.id and o.ended > o.started
  ), changes as (
    select agent_id, session_id, at, sum(a)::int as a, sum(i)::int as i, sum(t)::int as t from (
      select agent_id, session_id, started as at, (state = 1)::int as a, (state = 2)::int as i, (state = 3)::int as t
        from spans
      union all
      select agent_id, session_id, ended, -(state = 1)::int, -(state = 2)::int, -(state = 3)::int from spans
    ) c group by agent_id, session_id, at
  ), running as (
    select agent_id, session_id, at, sum(a) over w as a, sum(i) over w as i, sum(t) over w as t,
      (extract(epoch from lead(at) over w - at) * 1000)::float8 as ms
    from changes window w as (partition by agent_id, session_id order by at)
  ), times as (
    select agent_id, session_id, sum(ms) filter (where a > 0) as active_ms,
      sum(ms) filter (where a = 0 and i > 0) as inactive_ms,
      sum(ms) filter (where a = 0 and i = 0 and t > 0) as timeout_ms
    from running group by agent_id, session_id
  ), listed as (
    select c.*, coalesce(t.active_ms, 0) as active_ms, coalesce(t.inactive_ms, 0) as inactive_ms,
      coalesce(t.timeout_ms, 0) as timeout_ms,
      coalesce(t.active_ms, 0) + coalesce(t.inactive_ms, 0) + coalesce(t.timeout_ms, 0) as open_ms
    from ${of} c left join times t on t.agent_id = c.agent_id and t.session_id = c.id
  )`;

/** Known before the join runs, so that weeks without such sessions are not read. */
const withinWeeks = (of: string): string => `
      where g.started >= (select min(started) - interval '1 second' from ${of})
        and g.started <= (select max(coalesce(ended, 'infinity')) from ${of})`;

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
  application_name: string;
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
  // The planner takes the times of many sessions for those of one, and would compare each with each.
  if (isByTime(page.sort) && isWide(filter)) await client.query('set local enable_nestloop = off');
  const { rows } = await client.query<ListedRow>(
    `${CHOSEN}, ${pageOf(page.sort, isWide(filter))} select f.ref, f.application_id, f.slug, f.application_name, f.user_name, f.computer, f.desktop, f.started,
       f.ended, f.end_cause, f.state_now, f.active_ms, f.inactive_ms, f.timeout_ms,
       (select count(*)::int from document d where d.agent_id = f.agent_id and d.session_id = f.id) as documents
     from page f order by ${orderBy(page.sort)}`,
    [...parameters(filter), page.limit, page.offset],
  );
  if (isByTime(page.sort) && isWide(filter)) await client.query('set local enable_nestloop = on');
  return rows.map(rowOf);
}

export async function sumSessions(
  client: PoolClient,
  filter: SessionFilter,
): Promise<{ total: number; totals: Sessions['totals'] }> {
  const { rows } = await client.query<{
    n: number;
    active_ms: number;
    inactive_ms: number;
    timeout_ms: number;
  }>(
    `${CHOSEN}, ${timesOf('filtered', isWide(filter))} select (select count(*)::int from filtered) as n, coalesce(sum(active_ms), 0) as active_ms,
       coalesce(sum(inactive_ms), 0) as inactive_ms, coalesce(sum(timeout_ms), 0) as timeout_ms from times`,
    parameters(filter),
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

/** The page with its times. Only where times give the order are those of all sessions needed. */
function pageOf(sort: SessionsQuery['sort'], wide: boolean): string {
  const cut = `order by ${orderBy(sort)} limit $10 offset $11`;
  return isByTime(sort)
    ? `${timesOf('filtered', wide)}, page as (select * from listed ${cut})`
    : `cut as (select * from filtered ${cut}), ${timesOf('cut', false)}, page as (select * from listed)`;
}

const BY_TIME: ReadonlySet<string> = new Set(['open', 'active', 'inactive', 'timeout']);
const isByTime = (sort: SessionsQuery['sort']): boolean => BY_TIME.has(sort.replace('-', ''));

/** Column names come from the fixed map above, never from the request. */
function orderBy(sort: SessionsQuery['sort']): string {
  const descending = sort.startsWith('-');
  const name = sortName(descending ? sort.slice(1) : sort);
  return `${SORT_COLUMNS[name]} ${descending ? 'desc' : 'asc'}, ref`;
}

function sortName(text: string): SortName {
  const known = (Object.keys(SORT_COLUMNS) as SortName[]).find((name) => name === text);
  return known ?? 'started';
}

function rowOf(row: ListedRow): SessionRow {
  return {
    session: row.ref,
    application: { id: row.application_id, slug: row.slug, name: row.application_name },
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

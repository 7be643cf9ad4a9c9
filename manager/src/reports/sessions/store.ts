import {
  causeName,
  stateName,
  type SessionRow,
  type SessionsQuery,
  type Sessions,
} from '@process-meter/contract';
import type { PoolClient } from 'pg';

export interface SessionFilter {
  account: number;
  from: number;
  to: number;
  app?: string | undefined;
  user?: string | undefined;
  computer?: string | undefined;
  session?: string | undefined;
  state?: SessionsQuery['state'];
  at?: number | undefined;
}

/**
 * Sessions that were open at any moment of the range, with their whole times up to the last news. Time by state of a
 * session is that of the most active of its documents, computed as a sweep in SQL over its segments and open documents.
 */
const BASE = `
  with chosen as (
    select s.*, a.external_id, p.slug, p.name as application_name,
      a.external_id || '.' || lpad(to_hex(s.id), 16, '0') as ref
    from session s join agent a on a.id = s.agent_id join application p on p.id = s.application_id
    where s.account_id = $1 and s.started < $3 and (s.ended is null or s.ended > $2)
      and ($4::text is null or p.slug = $4) and ($5::text is null or s.user_name = $5)
      and ($6::text is null or s.computer = $6)
      and ($7::text is null or starts_with(a.external_id || '.' || lpad(to_hex(s.id), 16, '0'), $7))
      and ($9::timestamptz is null or (s.started <= $9 and (s.ended is null or s.ended > $9)))
  ), spans as (
    select g.agent_id, g.session_id, g.started, g.ended, g.state from chosen c
      join segment g on g.agent_id = c.agent_id and g.session_id = c.id and g.ended > g.started
        and g.started >= c.started - interval '1 second'
    union all
    select o.agent_id, o.session_id, o.started, o.ended, o.state from chosen c
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
      coalesce(t.active_ms, 0) + coalesce(t.inactive_ms, 0) + coalesce(t.timeout_ms, 0) as open_ms,
      case when c.ended is null then (select min(d.state) from open_document d
        where d.agent_id = c.agent_id and d.session_id = c.id) end as state_now
    from chosen c left join times t on t.agent_id = c.agent_id and t.session_id = c.id
  ), filtered as (
    select * from listed where ($8::int is null or state_now = $8)
  )`;

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
  const { rows } = await client.query<ListedRow>(
    `${BASE} select f.ref, f.application_id, f.slug, f.application_name, f.user_name, f.computer, f.desktop, f.started,
       f.ended, f.end_cause, f.state_now, f.active_ms, f.inactive_ms, f.timeout_ms,
       (select count(*)::int from document d where d.agent_id = f.agent_id and d.session_id = f.id) as documents
     from filtered f order by ${orderBy(page.sort)} limit $10 offset $11`,
    [...parameters(filter), page.limit, page.offset],
  );
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
    `${BASE} select count(*)::int as n, coalesce(sum(active_ms), 0) as active_ms,
       coalesce(sum(inactive_ms), 0) as inactive_ms, coalesce(sum(timeout_ms), 0) as timeout_ms from filtered`,
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
  const range = [filter.account, new Date(filter.from), new Date(filter.to)];
  const within = 's.account_id = $1 and s.started < $3 and (s.ended is null or s.ended > $2)';
  const values = async (column: 'user_name' | 'computer'): Promise<Sessions['facets']['users']> => {
    const { rows } = await client.query<{ value: string; count: number }>(
      `select ${column} as value, count(*)::int as count from session s where ${within}
       group by 1 order by 2 desc, 1 limit ${FACET_LIMIT}`,
      range,
    );
    return rows;
  };
  const { rows: applications } = await client.query<Sessions['facets']['applications'][number]>(
    `select p.id, p.slug, p.name, count(s.id)::int as count from application p
       left join session s on s.application_id = p.id and ${within}
     where p.account_id = $1 and (p.deleted_at is null or s.id is not null)
     group by p.id order by count desc, p.name limit ${FACET_LIMIT}`,
    range,
  );
  return { applications, users: await values('user_name'), computers: await values('computer') };
}

function parameters(filter: SessionFilter): unknown[] {
  const states = { active: 1, inactive: 2, timeout: 3 } as const;
  return [
    filter.account,
    new Date(filter.from),
    new Date(filter.to),
    filter.app ?? null,
    filter.user ?? null,
    filter.computer ?? null,
    filter.session ?? null,
    filter.state === undefined ? null : states[filter.state],
    filter.at === undefined ? null : new Date(filter.at),
  ];
}

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

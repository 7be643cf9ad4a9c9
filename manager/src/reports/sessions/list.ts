import { causeName, stateName, type SessionRow, type SessionsQuery } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import {
  isWhole,
  OPEN_IN_RANGE,
  parameters,
  PASSES,
  refOf,
  STATE_NOW,
  type SessionFilter,
} from './filter.ts';
import { restOf, withoutLoops, withTimes, type Rest } from './times.ts';

/** What the filter gives, with the times that are kept. */
const CHOSEN = `
  with ${OPEN_IN_RANGE}, chosen as (
    select s.agent_id, s.id, s.application_id, s.user_name, s.computer, s.desktop, s.started, s.ended, s.end_cause,
      s.kept_active_ms, s.kept_inactive_ms, s.kept_timeout_ms
    from open_in_range s
    where ${PASSES}
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

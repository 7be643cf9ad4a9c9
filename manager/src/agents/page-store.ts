import { AppError, type AgentKind, type AgentList } from '@process-meter/contract';
import type { Pool } from 'pg';
import { z } from 'zod';
import { statusSql } from './model.ts';

export interface PageQuery {
  account: number;
  now: Date;
  kind: AgentKind;
  find: string;
  limit: number;
  cursor: string | undefined;
}

export interface AgentPage {
  /** External ids in the order of the page. */
  ids: string[];
  total: number;
  counts: AgentList['counts'];
  kinds: AgentList['kinds'];
  next: string | null;
  previous: string | null;
}

/** Where a page begins: behind (or, going back, before) an agent's place in the order. */
const cursorSchema = z.tuple([
  z.enum(['next', 'previous']),
  z.number().int(),
  z.string(),
  z.string(),
  z.number().int(),
]);
type Cursor = z.infer<typeof cursorSchema>;
type Direction = Cursor[0];

interface Place {
  external_id: string;
  rank: number;
  computer: string;
  user_name: string;
  id: number;
}

/** One page of an account's agents, with the counts of all. @throws AppError PM-4000 for a cursor that is none */
export async function agentPage(pool: Pool, query: PageQuery): Promise<AgentPage> {
  const cursor = query.cursor === undefined ? undefined : parseCursor(query.cursor);
  const [direction, rank, computer, user, id] = cursor ?? ['next', null, null, null, null];
  const { rows } = await pool.query<{ page: Place[]; total: number; counts: Record<string, number> }>(
    direction === 'next' ? FORWARD : BACKWARD,
    [query.account, query.now, query.kind, query.find, query.limit + 1, rank, computer, user, id],
  );
  const [row] = rows;
  return {
    ...pageOf(row?.page ?? [], { limit: query.limit, direction, first: cursor === undefined }),
    total: row?.total ?? 0,
    ...countsOf(row?.counts ?? {}),
  };
}

/** @param found one more than the limit where there are more; in the direction of reading */
function pageOf(
  found: readonly Place[],
  { limit, direction, first }: { limit: number; direction: Direction; first: boolean },
): Pick<AgentPage, 'ids' | 'next' | 'previous'> {
  const more = found.length > limit;
  const read = found.slice(0, limit);
  const page = direction === 'next' ? read : read.toReversed();
  const [before, behind] = direction === 'next' ? [!first, more] : [more, true];
  return {
    ids: page.map((place) => place.external_id),
    next: behind ? cursorAt('next', page.at(-1)) : null,
    previous: before ? cursorAt('previous', page[0]) : null,
  };
}

function countsOf(counts: Record<string, number>): Pick<AgentPage, 'counts' | 'kinds'> {
  const of = (kind: AgentKind): number => counts[kind] ?? 0;
  const statuses = {
    connected: of('connected'),
    away: of('away'),
    silent: of('silent'),
    revoked: of('revoked'),
    neverSeen: of('neverSeen'),
  };
  const all = of('connected') + of('away') + of('silent') + of('neverSeen');
  return {
    counts: statuses,
    kinds: { ...statuses, all, blind: of('blind'), old: of('old'), lost: of('lost') },
  };
}

function cursorAt(direction: Direction, place: Place | undefined): string | null {
  if (place === undefined) return null;
  const cursor: Cursor = [direction, place.rank, place.computer, place.user_name, place.id];
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function parseCursor(text: string): Cursor {
  try {
    return cursorSchema.parse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
  } catch (cause) {
    throw new AppError('invalidInput', 'The cursor is not one of this list.', { cause });
  }
}

// The order begins with how an agent stands now, which no index knows: all agents of the account are looked at once, but
// only one page leaves the database.
const pageSql = (compare: '<' | '>', order: 'asc' | 'desc'): string => `
  with mine as materialized (
    select a.id, a.external_id, lower(a.computer) as computer, lower(a.user_name) as user_name,
      ${statusSql('$2')} as status,
      a.revoked_at is null and coalesce('none' in (k.input, k."window", k.documents), false) as blind,
      a.revoked_at is null and coalesce(a.applied_revision, 0) < c.config_revision as old,
      l.agent_id is not null as lost
    from agent a join account c on c.id = a.account_id
      left join lateral (select input, "window", documents from capability k
        where k.agent_id = a.id order by k.at desc limit 1) k on true
      left join (select distinct agent_id from record_gap where account_id = $1) l on l.agent_id = a.id
    where a.account_id = $1
  ), ranked as (
    select *, case when status = 'silent' then 0 when status = 'connected' and blind then 1
      when status = 'neverSeen' then 2 when status = 'away' then 3 when status = 'connected' then 4
      else 5 end as rank
    from mine
    where case $3 when 'all' then status <> 'revoked' when 'blind' then blind when 'old' then old
        when 'lost' then lost else status = $3 end
      and ($4 = '' or strpos(computer || ' ' || user_name, lower($4)) > 0)
  ), page as (
    select external_id, rank, computer, user_name, id from ranked
    where $6::int is null or (rank, computer, user_name, id) ${compare} ($6, $7::text, $8::text, $9::int)
    order by rank ${order}, computer ${order}, user_name ${order}, id ${order} limit $5
  )
  select (select coalesce(jsonb_agg(p order by rank ${order}, computer ${order}, user_name ${order}, id ${order}), '[]')
      from page p) as page,
    (select count(*)::int from ranked) as total,
    (select jsonb_object_agg(kind, n) from (
      select status as kind, count(*) as n from mine group by status
      union all select 'blind', count(*) from mine where blind
      union all select 'old', count(*) from mine where old
      union all select 'lost', count(*) from mine where lost) k) as counts`;

const FORWARD = pageSql('>', 'asc');
const BACKWARD = pageSql('<', 'desc');

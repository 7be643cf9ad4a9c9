import { stateName, type ApplicationRef, type LiveNow } from '@process-meter/contract';
import type { Pool } from 'pg';
import { countStatuses, statusSql, type AgentStatus } from '../agents/index.ts';

type Counts = Pick<LiveNow, 'active' | 'inactive' | 'timeout'>;

/** This moment of an account, without what is only known of the day. */
export interface Moment {
  applications: (Counts & { application: ApplicationRef })[];
  computers: number;
  recent: LiveNow['recent'];
  idle: LiveNow['recent'];
  agents: LiveNow['agents'];
}

const NEWS_MS = 180_000;
const SHOWN = 10;

/**
 * Sessions open now, in their most active state: of agents that are heard, or whose last news is fresh. What an agent
 * that went silent left open is not "now". A document whose records have overtaken its open state is closed already: an
 * agent that was offline sends what it kept before its next snapshot.
 * One query whose answer does not grow with the number of agents or sessions.
 */
export async function readMoment(pool: Pool, account: number, now: number): Promise<Moment> {
  const { rows } = await pool.query<MomentRow>(MOMENT, [account, new Date(now), new Date(now - NEWS_MS)]);
  const [row] = rows;
  if (row === undefined) throw new Error('a query of aggregates gives a row');
  return {
    applications: row.applications.map(({ id, slug, name, active, inactive, timeout }) => ({
      application: { id, slug, name },
      active,
      inactive,
      timeout,
    })),
    computers: row.computers,
    recent: row.recent.flatMap(sessionOf),
    idle: row.idle.flatMap(sessionOf),
    agents: {
      counts: { ...countStatuses([]), ...row.statuses },
      wantedRevision: row.wanted,
      haveWanted: row.have_wanted,
      oldestWaiting: row.oldest_waiting?.getTime() ?? null,
    },
  };
}

function sessionOf(row: ShownRow): LiveNow['recent'] {
  const state = stateName(row.state);
  if (state === undefined) return [];
  const { session, application, user, computer, document, since } = row;
  return [{ session, application, user, computer, document, state, since }];
}

interface ShownRow {
  session: string;
  application: ApplicationRef;
  user: string;
  computer: string;
  document: string;
  state: number;
  since: number;
}

interface MomentRow {
  applications: (Counts & ApplicationRef)[];
  computers: number;
  recent: ShownRow[];
  idle: ShownRow[];
  statuses: Partial<Record<AgentStatus, number>>;
  have_wanted: number;
  oldest_waiting: Date | null;
  wanted: number;
}

const shown = (where: string, order: string): string => `
  (select coalesce(jsonb_agg(jsonb_build_object(
      'session', x.session, 'user', coalesce(s.user_name, x.user_name), 'computer', x.computer,
      'application', jsonb_build_object('id', p.id, 'slug', p.slug, 'name', p.name), 'state', x.state,
      'document', coalesce(t.name, ''), 'since', (extract(epoch from x.since) * 1000)::bigint) order by ${order}), '[]')
    from (select * from mine where ${where} order by ${order.replaceAll('x.', '')} limit ${SHOWN}) x
      join application p on p.id = x.application_id
      left join session s on s.agent_id = x.agent_id and s.id = x.session_id
      left join document t on t.agent_id = x.agent_id and t.id = x.document_id)`;

const MOMENT = `
  with news as materialized (
    select distinct on (d.agent_id, d.session_id) d.agent_id, d.session_id, d.document_id, d.application_id, d.state,
      d.since, a.external_id, a.computer, a.user_name
    from open_document d join open_snapshot o using (agent_id) join agent a on a.id = d.agent_id
    where d.account_id = $1 and not d.server_closed and a.revoked_at is null
      and (o.as_of > $3 or (a.phase = 'running' and a.last_seen_at > $3))
      and (o.as_of > $3 or (select true from segment g where g.agent_id = d.agent_id and g.session_id = d.session_id
        and g.document_id = d.document_id and g.started >= d.since limit 1) is null)
    order by d.agent_id, d.session_id, d.state, d.since, d.document_id
  ), mine as materialized (
    select n.agent_id, n.session_id, n.document_id, n.application_id, n.state, n.since, n.user_name,
      n.external_id || '.' || lpad(to_hex(n.session_id), 16, '0') as session, coalesce(s.computer, n.computer) as computer
    from news n left join session s on s.agent_id = n.agent_id and s.id = n.session_id
    where s.ended is null
  ), known as (
    select ${statusSql('$2')} as status, count(*)::int as n,
      count(*) filter (where a.revoked_at is null and coalesce(a.applied_revision, -1) >= c.config_revision)::int as wanted,
      min(a.oldest_waiting) filter (where a.revoked_at is null) as oldest
    from agent a join account c on c.id = a.account_id where a.account_id = $1 group by 1
  )
  select
    (select coalesce(jsonb_agg(x), '[]') from (
      select p.id, p.slug, p.name, count(*) filter (where state = 1) as active,
        count(*) filter (where state = 2) as inactive, count(*) filter (where state = 3) as timeout
      from mine join application p on p.id = mine.application_id where p.account_id = $1 group by p.id) x) as applications,
    (select count(distinct computer)::int from mine) as computers,
    ${shown('true', 'x.since desc, x.session')} as recent,
    ${shown('state > 1', 'x.since, x.session')} as idle,
    (select coalesce(jsonb_object_agg(status, n), '{}') from known) as statuses,
    (select coalesce(sum(wanted), 0)::int from known) as have_wanted,
    (select min(oldest) from known) as oldest_waiting,
    (select config_revision from account where id = $1) as wanted`;

/** Agents that are connected now, some of them: those heard last. */
export async function connectedAgents(
  pool: Pool,
  account: number,
  { now, limit }: { now: number; limit: number },
): Promise<string[]> {
  const { rows } = await pool.query<{ external_id: string }>(
    `select external_id from agent a where account_id = $1 and ${statusSql('$2')} = 'connected'
     order by last_seen_at desc limit $3`,
    [account, new Date(now), limit],
  );
  return rows.map((row) => row.external_id);
}

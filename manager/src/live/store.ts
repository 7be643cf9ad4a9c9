import { stateName, type ApplicationRef } from '@process-meter/contract';
import type { Pool } from 'pg';

/** A session that is open now, in its most active state. */
export interface OpenSession {
  session: string;
  application: ApplicationRef;
  user: string;
  computer: string;
  document: string;
  state: 'active' | 'inactive' | 'timeout';
  since: number;
}

export interface AgentRow {
  id: string;
  revokedAt: number | null;
  lastSeen: number | null;
  phase: 'never' | 'running' | 'leaving';
  appliedRevision: number | null;
  oldestWaiting: number | null;
}

const NEWS_MS = 180_000;

/**
 * Sessions open now: of agents that are heard, or whose last news is fresh. What an agent that went silent left open is
 * not "now". A document whose records have overtaken its open state is closed already.
 */
export async function openSessions(pool: Pool, account: number, now: number): Promise<OpenSession[]> {
  const { rows } = await pool.query<OpenRow>(OPEN_SESSIONS, [account, new Date(now - NEWS_MS)]);
  return rows.flatMap((row) => {
    const state = stateName(row.state);
    if (state === undefined) return [];
    return [
      {
        session: row.session,
        application: { id: row.application_id, slug: row.slug, name: row.name },
        user: row.user_name,
        computer: row.computer,
        document: row.document,
        state,
        since: row.since.getTime(),
      },
    ];
  });
}

interface OpenRow {
  session: string;
  application_id: number;
  slug: string;
  name: string;
  user_name: string;
  computer: string;
  document: string;
  state: number;
  since: Date;
}

const OPEN_SESSIONS = `
  with fresh as (
    select d.*, row_number() over (partition by d.agent_id, d.session_id order by d.state, d.since, d.document_id) as nth
    from open_document d join open_snapshot o using (agent_id) join agent a on a.id = d.agent_id
    where d.account_id = $1 and a.revoked_at is null
      and (o.as_of > $2 or (a.phase = 'running' and a.last_seen_at > $2))
      and not exists (select from segment g where g.agent_id = d.agent_id and g.session_id = d.session_id
        and g.document_id = d.document_id and g.started >= d.since)
  )
  select a.external_id || '.' || lpad(to_hex(f.session_id), 16, '0') as session, f.application_id, p.slug, p.name,
    coalesce(s.user_name, a.user_name) as user_name, coalesce(s.computer, a.computer) as computer,
    coalesce(t.name, '') as document, f.state, f.since
  from fresh f join agent a on a.id = f.agent_id join application p on p.id = f.application_id
    left join session s on s.agent_id = f.agent_id and s.id = f.session_id
    left join document t on t.agent_id = f.agent_id and t.id = f.document_id
  where f.nth = 1 and p.account_id = $1 and s.ended is null
  order by f.since desc, session`;

export async function accountAgents(
  pool: Pool,
  account: number,
): Promise<{ agents: AgentRow[]; wantedRevision: number }> {
  const { rows } = await pool.query<{
    external_id: string;
    revoked_at: Date | null;
    last_seen_at: Date | null;
    phase: AgentRow['phase'];
    applied_revision: number | null;
    oldest_waiting: Date | null;
  }>(
    `select external_id, revoked_at, last_seen_at, phase, applied_revision, oldest_waiting
     from agent where account_id = $1 order by id`,
    [account],
  );
  const wanted = await pool.query<{ config_revision: number }>(
    'select config_revision from account where id = $1',
    [account],
  );
  return {
    wantedRevision: wanted.rows[0]?.config_revision ?? 0,
    agents: rows.map((row) => ({
      id: row.external_id,
      revokedAt: row.revoked_at?.getTime() ?? null,
      lastSeen: row.last_seen_at?.getTime() ?? null,
      phase: row.phase,
      appliedRevision: row.applied_revision,
      oldestWaiting: row.oldest_waiting?.getTime() ?? null,
    })),
  };
}

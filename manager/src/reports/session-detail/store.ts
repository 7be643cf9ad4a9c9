import { applicationSettingsSchema, type ApplicationRef } from '@process-meter/contract';
import type { PoolClient } from 'pg';

export interface SessionHead {
  agentKey: number;
  agent: string;
  id: string;
  application: ApplicationRef;
  user: string;
  computer: string;
  desktop: string;
  executable: string;
  pid: number;
  started: number;
  ended: number | null;
  endCause: number | null;
  revision: number;
  agentComputer: string;
}

export interface StoredDocument {
  id: string;
  name: string;
  path: string;
  source: 'file' | 'title' | 'none';
  confidence: number;
  opened: number;
  closed: number | null;
  closeCause: number | null;
}

export interface StoredSegment {
  document: string;
  from: number;
  to: number;
  state: number;
  cause: number;
  open: boolean;
}

/** A session of this account by its public reference `<agent>.<hex id>`; undefined when there is none. */
export async function sessionHead(
  client: PoolClient,
  account: number,
  ref: { agent: string; id: string },
): Promise<SessionHead | undefined> {
  const { rows } = await client.query<{
    agent_id: number;
    application_id: number;
    slug: string;
    application_name: string;
    user_name: string;
    computer: string;
    desktop: string;
    executable: string;
    pid: number;
    started: Date;
    ended: Date | null;
    end_cause: number | null;
    revision: number;
    agent_computer: string;
  }>(
    `select s.*, p.slug, p.name as application_name, a.computer as agent_computer
     from session s join agent a on a.id = s.agent_id join application p on p.id = s.application_id
     where s.account_id = $1 and a.external_id = $2 and s.id = $3`,
    [account, ref.agent, BigInt(`0x${ref.id}`).toString()],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  return {
    agentKey: row.agent_id,
    agent: ref.agent,
    id: BigInt(`0x${ref.id}`).toString(),
    application: { id: row.application_id, slug: row.slug, name: row.application_name },
    user: row.user_name,
    computer: row.computer,
    desktop: row.desktop,
    executable: row.executable,
    pid: row.pid,
    started: row.started.getTime(),
    ended: row.ended?.getTime() ?? null,
    endCause: row.end_cause,
    revision: row.revision,
    agentComputer: row.agent_computer,
  };
}

export async function documentsOf(client: PoolClient, session: SessionHead): Promise<StoredDocument[]> {
  const { rows } = await client.query<{
    id: string;
    name: string;
    path: string;
    source: string;
    confidence: number;
    opened: Date;
    closed: Date | null;
    close_cause: number | null;
  }>(
    `select lpad(to_hex(id), 16, '0') as id, name, path, source, confidence, opened, closed, close_cause
     from document where agent_id = $1 and session_id = $2 order by opened, id`,
    [session.agentKey, session.id],
  );
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    path: row.path,
    source: row.source === 'file' || row.source === 'title' ? row.source : 'none',
    confidence: row.confidence,
    opened: row.opened.getTime(),
    closed: row.closed?.getTime() ?? null,
    closeCause: row.close_cause,
  }));
}

/** Closed segments, and the running ones of open documents up to the last news of the agent. */
export async function segmentsOf(client: PoolClient, session: SessionHead): Promise<StoredSegment[]> {
  const { rows } = await client.query<{
    document: string;
    started: Date;
    ended: Date;
    state: number;
    cause: number;
    open: boolean;
  }>(
    `select lpad(to_hex(document_id), 16, '0') as document, started, ended, state, cause, false as open
       from segment where agent_id = $1 and session_id = $2 and ended > started
     union all
     select lpad(to_hex(document_id), 16, '0'), started, ended, state, cause, running
       from open_stretch where agent_id = $1 and session_id = $2
     order by started`,
    [session.agentKey, session.id],
  );
  return rows.map((row) => ({
    document: row.document,
    from: row.started.getTime(),
    to: row.ended.getTime(),
    state: row.state,
    cause: row.cause,
    open: row.open,
  }));
}

/** The same user's sessions of the application just before and after this one. */
export async function neighbours(
  client: PoolClient,
  account: number,
  session: SessionHead,
): Promise<{ previous: string | null; next: string | null }> {
  const one = async (side: '<' | '>', order: 'asc' | 'desc'): Promise<string | null> => {
    const { rows } = await client.query<{ ref: string }>(
      `select a.external_id || '.' || lpad(to_hex(s.id), 16, '0') as ref from session s join agent a on a.id = s.agent_id
       where s.account_id = $1 and s.application_id = $2 and s.user_name = $3
         and (s.started, s.id) ${side} ($4::timestamptz, $5::int8) order by s.started ${order}, s.id ${order} limit 1`,
      [account, session.application.id, session.user, new Date(session.started), session.id],
    );
    return rows[0]?.ref ?? null;
  };
  return { previous: await one('<', 'desc'), next: await one('>', 'asc') };
}

const settingsSchema = applicationSettingsSchema.partial({ name: true, rules: true });

/** Settings of the application in force at a revision of the account; null when no history tells. */
export async function settingsAt(
  client: PoolClient,
  session: SessionHead,
): Promise<Omit<ReturnType<typeof settingsSchema.parse>, 'name' | 'rules'> | null> {
  const { rows } = await client.query<{ settings: unknown }>(
    `select settings from application_history where application_id = $1 and revision <= $2
     order by revision desc limit 1`,
    [session.application.id, session.revision],
  );
  const parsed = settingsSchema.safeParse(rows[0]?.settings);
  if (!parsed.success) return null;
  const { name: _name, rules: _rules, ...settings } = parsed.data;
  return settings;
}

import { AppError, type Agent, type EnrolRequest } from '@process-meter/contract';
import { sql } from 'kysely';
import type { Db } from '../db/index.ts';
import { agentStatus, withTrouble } from './model.ts';

const GAPS_SHOWN = 20;

interface AgentRow {
  external_id: string;
  computer: string;
  user_name: string;
  desktop: string;
  platform: string;
  version: string;
  enrolled_at: Date;
  revoked_at: Date | null;
  last_seen_at: Date | null;
  phase: 'never' | 'running' | 'leaving';
  applied_revision: number | null;
  waiting: number | null;
  oldest_waiting: Date | null;
  trouble: string;
  cloned_at: Date | null;
  wanted: number;
  open_sessions: number;
  capability: Agent['capability'];
  gaps: Agent['gaps'];
}

/** The agents with the given ids, as far as the account has them, in no order. */
export async function readAgents(
  db: Db,
  account: number,
  { now, ids }: { now: number; ids: readonly string[] },
): Promise<Agent[]> {
  const { rows } = await sql<AgentRow>`
    select a.*, c.config_revision as wanted,
      (select count(distinct session_id) from open_document d where d.agent_id = a.id and not d.server_closed)::int as open_sessions,
      (select jsonb_build_object('at', (extract(epoch from k.at) * 1000)::bigint, 'input', k.input,
          'window', k."window", 'documents', k.documents, 'desktop', k.desktop, 'reason', k.reason)
        from capability k where k.agent_id = a.id order by k.at desc limit 1) as capability,
      (select coalesce(jsonb_agg(g), '[]') from (
          select (extract(epoch from from_at) * 1000)::bigint as "from",
            (extract(epoch from to_at) * 1000)::bigint as "to", lost, reason
          from record_gap g where g.agent_id = a.id and g.account_id = a.account_id
          order by from_at desc limit ${GAPS_SHOWN}) g) as gaps
    from agent a join account c on c.id = a.account_id
    where a.account_id = ${account} and a.external_id = any(${ids})`.execute(db);
  return rows.map((row) => agentOf(row, now));
}

function agentOf(row: AgentRow, now: number): Agent {
  const revokedAt = row.revoked_at?.getTime() ?? null;
  const lastSeen = row.last_seen_at?.getTime() ?? null;
  return {
    id: row.external_id,
    computer: row.computer,
    user: row.user_name,
    desktop: row.desktop,
    platform: row.platform,
    version: row.version,
    status: agentStatus({ revokedAt, lastSeen, phase: row.phase }, now),
    enrolledAt: row.enrolled_at.getTime(),
    lastSeen,
    appliedRevision: row.applied_revision,
    wantedRevision: row.wanted,
    waiting: row.waiting,
    oldestWaiting: row.oldest_waiting?.getTime() ?? null,
    openSessions: row.open_sessions,
    capability: withTrouble(
      row.capability,
      { trouble: row.trouble, clonedAt: row.cloned_at?.getTime() ?? null },
      now,
    ),
    gaps: row.gaps,
  };
}

export async function addToken(
  db: Db,
  token: { hash: Buffer; account: number; label: string; by: number; now: Date; expiresAt: Date },
): Promise<void> {
  await db
    .insertInto('enrolment_token')
    .values({
      token_hash: token.hash,
      account_id: token.account,
      label: token.label,
      created_by: token.by,
      created_at: token.now,
      expires_at: token.expiresAt,
    })
    .execute();
}

export interface TokenRow {
  label: string;
  createdAt: number;
  expiresAt: number;
  usedAt: number | null;
  agent: string | null;
}

export async function listTokens(db: Db, account: number): Promise<TokenRow[]> {
  const rows = await db
    .selectFrom('enrolment_token')
    .leftJoin('agent', 'agent.id', 'enrolment_token.agent_id')
    .select(['label', 'created_at', 'expires_at', 'used_at', 'external_id'])
    .where('enrolment_token.account_id', '=', account)
    .orderBy('created_at', 'desc')
    .limit(500)
    .execute();
  return rows.map((row) => ({
    label: row.label,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
    usedAt: row.used_at?.getTime() ?? null,
    agent: row.external_id,
  }));
}

export interface Enrolled {
  agent: string;
  accountId: number;
  account: string;
}

export interface Enrolment {
  tokenHash: Buffer;
  request: EnrolRequest;
  /** External id for a new agent. */
  newId: string;
  now: Date;
}

/**
 * Uses a token up for a new agent. The same token with the same key is answered again with the same agent, so that an
 * agent whose answer was lost is not locked out. @throws AppError PM-4101 the token is not good, PM-4009 the key is known
 */
export async function enrolAgent(db: Db, { tokenHash, request, newId, now }: Enrolment): Promise<Enrolled> {
  return db.transaction().execute(async (tx) => {
    const token = await tx
      .selectFrom('enrolment_token')
      .innerJoin('account', 'account.id', 'enrolment_token.account_id')
      .leftJoin('agent', 'agent.id', 'enrolment_token.agent_id')
      .select(['account.id', 'account.slug', 'expires_at', 'used_at'])
      .select(['agent.external_id', 'agent.public_key', 'agent.revoked_at'])
      .where('token_hash', '=', tokenHash)
      .forUpdate('enrolment_token')
      .executeTakeFirst();
    if (token === undefined || token.expires_at <= now) throw new AppError('enrolmentTokenInvalid');
    const enrolled = { accountId: token.id, account: token.slug };
    if (token.used_at !== null) {
      const same = token.public_key === request.publicKey && token.revoked_at === null;
      if (!same || token.external_id === null) throw new AppError('enrolmentTokenInvalid');
      return { ...enrolled, agent: token.external_id };
    }
    const added = await tx
      .insertInto('agent')
      .values({
        external_id: newId,
        account_id: token.id,
        public_key: request.publicKey,
        computer: request.computer,
        machine: request.machine,
        user_name: request.user,
        desktop: request.desktop,
        platform: request.platform,
        version: request.version,
        enrolled_at: now,
      })
      .onConflict((conflict) => conflict.column('public_key').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (added === undefined) throw new AppError('conflict', 'This key is enrolled already.');
    await tx
      .updateTable('enrolment_token')
      .set({ used_at: now, agent_id: added.id })
      .where('token_hash', '=', tokenHash)
      .execute();
    return { ...enrolled, agent: newId };
  });
}

export interface AgentIdentity {
  account: string;
  publicKey: string;
  revoked: boolean;
}

export async function agentIdentity(db: Db, agent: string): Promise<AgentIdentity | undefined> {
  const row = await db
    .selectFrom('agent')
    .innerJoin('account', 'account.id', 'agent.account_id')
    .select(['account.slug', 'public_key', 'revoked_at'])
    .where('external_id', '=', agent)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return { account: row.slug, publicKey: row.public_key, revoked: row.revoked_at !== null };
}

export async function rememberExpiry(db: Db, agent: string, expiresAt: number): Promise<void> {
  await db
    .updateTable('agent')
    .set({ credentials_expire_at: new Date(expiresAt) })
    .where('external_id', '=', agent)
    .execute();
}

/** @returns false when the account has no such agent. An agent revoked before keeps its instant. */
export async function revokeAgent(
  db: Db,
  account: number,
  { agent, now }: { agent: string; now: Date },
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('agent')
    .set((update) => ({ revoked_at: update.fn.coalesce('revoked_at', update.val(now)) }))
    .where('account_id', '=', account)
    .where('external_id', '=', agent)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Keys of revoked agents whose JWTs may still be alive, with the instant. Of all accounts: NATS knows only one. */
export async function revokedKeys(db: Db, since: Date): Promise<Map<string, number>> {
  const rows = await db
    .selectFrom('agent')
    .select(['public_key', 'revoked_at'])
    .where('revoked_at', '>', since)
    .execute();
  return new Map(rows.flatMap((row) => (row.revoked_at ? [[row.public_key, row.revoked_at.getTime()]] : [])));
}

/** Revision of the account's configuration that agents ought to have. */
export async function wantedRevision(db: Db, account: number): Promise<number> {
  const row = await db
    .selectFrom('account')
    .select('config_revision')
    .where('id', '=', account)
    .executeTakeFirstOrThrow();
  return row.config_revision;
}

import { CAUSE, SEGMENT_CAP_MS, SEGMENT_FLAG } from '@process-meter/contract';
import type { Pool, PoolClient } from 'pg';

/**
 * Any constant: the id of the advisory lock between ingest (shared) and what must not meet a flush half way (alone): the
 * closing of silent agents, and the computing of the times of sessions.
 */
const GATE = 1_347_243_860;
/** A flush that takes longer than this is waited for in the next round: waiting holds other flushes up. */
const GATE_TIMEOUT_MS = 1000;
/** Segments the server writes carry an epoch that no agent has. */
const SERVER_EPOCH = 0;

/** What a flush tells of agents. */
export interface News {
  /** Agents with records that were not seen before. */
  agents: readonly number[];
  snapshots: readonly { agent: number; epoch: number; rev: number }[];
}

/** Until the transaction ends nothing is closed: what it finds open or closed stays so. */
export async function holdOffClosing(client: PoolClient): Promise<void> {
  await client.query('select pg_advisory_xact_lock_shared($1)', [GATE]);
}

/** Waits for every flush that holds off closing, and until the transaction ends no other gets so far. */
export async function holdOffWriters(client: PoolClient): Promise<void> {
  await client.query(`set local lock_timeout = ${GATE_TIMEOUT_MS}`);
  await client.query('select pg_advisory_xact_lock($1)', [GATE]);
}

/**
 * Opens again what the server closed of the agents in the news, exactly as it was: the segments it wrote go, documents
 * and sessions lose their end, what was open is open. To be called behind {@link holdOffClosing}, before the news is
 * written. @returns the agents it concerned
 */
export async function reopenAgents(client: PoolClient, news: News): Promise<number[]> {
  const { rows } = await client.query<{ agent_id: number }>(CLOSED_WITH_NEWS, [
    [...news.agents],
    news.snapshots.map(({ agent }) => agent),
    news.snapshots.map(({ epoch }) => epoch),
    news.snapshots.map(({ rev }) => rev),
  ]);
  const agents = rows.map((row) => row.agent_id);
  if (agents.length === 0) return [];
  await client.query(DROP_SEGMENTS, [agents, SERVER_EPOCH]);
  await client.query(
    'update document set closed = null, close_cause = null where agent_id = any($1) and close_cause = $2',
    [agents, CAUSE.serverClosed],
  );
  await client.query(REOPEN_SESSIONS, [agents, CAUSE.serverClosed]);
  await client.query(FORGET_TIMES, [agents]);
  await client.query('update open_document set server_closed = false where agent_id = any($1)', [agents]);
  await client.query(
    'update server_closing set closed_at = null, reopened_at = now() where agent_id = any($1)',
    [agents],
  );
  return agents;
}

// A second process with news of the same agent waits for this row, and then finds it opened.
const CLOSED_WITH_NEWS = `
  select c.agent_id from server_closing c
    left join open_snapshot o on o.agent_id = c.agent_id
    left join unnest($2::int4[], $3::int8[], $4::int8[]) as n(agent, epoch, rev) on n.agent = c.agent_id
  where c.agent_id = any($1::int4[] || $2::int4[]) and c.closed_at is not null
    and (c.agent_id = any($1) or o.agent_id is null or (o.epoch, o.rev) < (n.epoch, n.rev))
  order by c.agent_id for update of c`;

const REOPEN_SESSIONS = `
  update session set ended = null, end_cause = null, kept_active_ms = null, kept_inactive_ms = null, kept_timeout_ms = null
  where agent_id = any($1) and end_cause = $2`;

// The agent itself had ended some, and the server only closed what was open in them.
const FORGET_TIMES = `
  update session set kept_active_ms = null, kept_inactive_ms = null, kept_timeout_ms = null
  where kept_active_ms is not null
    and (agent_id, id) in (select agent_id, session_id from open_document where agent_id = any($1))`;

/** Quarters that a segment touches; its end is exclusive. */
const QUARTERS = `generate_series(floor(extract(epoch from started) / 900)::int,
    floor((extract(epoch from ended) * 1000 - 1) / 900000)::int)`;

const DROP_SEGMENTS = `
  with mine as (select distinct agent_id, session_id from open_document where agent_id = any($1)),
  gone as (
    delete from segment g using mine
    where g.agent_id = mine.agent_id and g.session_id = mine.session_id and g.epoch = $2
    returning g.application_id, g.started, g.ended)
  insert into dirty_log (application_id, q) select distinct application_id, q from gone, ${QUARTERS} q`;

export interface Silence {
  /** Agents that were last heard before this instant. */
  heardBefore: Date;
  /** Agents that were revoked before this instant: they are not heard any more. */
  revokedBefore: Date;
}

/** Agents to be closed, and the span in which the segments begin that this will write. */
export async function silentAgents(
  pool: Pool,
  silence: Silence,
  limit: number,
): Promise<{ agents: number[]; from: number; to: number }> {
  const { rows } = await pool.query<{ agents: number[]; from_at: Date | null; to_at: Date | null }>(
    `with found as materialized (${silentSql('true')} order by id limit $3)
     select array(select id from found) as agents, min(started) as from_at, max(started) as to_at
     from open_stretch where agent_id = any(array(select id from found))`,
    [silence.heardBefore, silence.revokedBefore, limit],
  );
  const [row] = rows;
  return {
    agents: row?.agents ?? [],
    from: row?.from_at?.getTime() ?? Infinity,
    to: row?.to_at?.getTime() ?? -Infinity,
  };
}

// Silence first: most agents are heard, and what they have open need not be looked up.
const silentSql = (among: string): string => `
  select id from (
    select a.id from agent a
      left join open_snapshot o on o.agent_id = a.id
      left join server_closing c on c.agent_id = a.id
    where c.closed_at is null and ${among}
      and (greatest(a.enrolled_at, a.last_seen_at, o.as_of, c.reopened_at) < $1
        or (a.revoked_at < $2 and greatest(c.reopened_at, a.revoked_at) < $2))
    offset 0) a
  where exists (select from session s where s.agent_id = a.id and s.ended is null)
    or exists (select from document d where d.agent_id = a.id and d.closed is null)
    or exists (select from open_document d where d.agent_id = a.id)`;

/**
 * Closes what agents left open that are still silent, at the last instant each was heard: running and held stretches
 * become segments, documents and sessions end, their quarters are dirty. One transaction; nothing of a flush can come in
 * between.
 * @returns how many agents were closed
 */
export async function closeSilentAgents(
  client: PoolClient,
  silence: Silence,
  among: readonly number[],
): Promise<number> {
  await client.query('begin');
  try {
    await holdOffWriters(client);
    const { rows } = await client.query<{ id: number }>(silentSql('a.id = any($3)'), [
      silence.heardBefore,
      silence.revokedBefore,
      among,
    ]);
    const agents = rows.map((row) => row.id);
    if (agents.length > 0) await closeAgents(client, agents);
    await client.query('commit');
    return agents.length;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function closeAgents(client: PoolClient, agents: readonly number[]): Promise<void> {
  await client.query(WRITE_SEGMENTS, [
    agents,
    SERVER_EPOCH,
    CAUSE.cut,
    SEGMENT_FLAG.closedByServer,
    SEGMENT_FLAG.continued,
  ]);
  await client.query('update open_document set server_closed = true where agent_id = any($1)', [agents]);
  await client.query(END_DOCUMENTS, [agents, CAUSE.serverClosed]);
  await client.query(END_SESSIONS, [agents, CAUSE.serverClosed]);
  await client.query(
    `insert into server_closing (agent_id, closed_at) select unnest($1::int4[]), now()
     on conflict (agent_id) do update set closed_at = excluded.closed_at`,
    [agents],
  );
}

// Pieces of at most the cap: every overlap query relies on it.
const WRITE_SEGMENTS = `
  with written as (
    insert into segment (session_id, document_id, started, ended, epoch, seq, account_id, application_id, agent_id,
      state, cause, flags)
    select t.session_id, t.document_id, piece, least(piece + interval '${SEGMENT_CAP_MS} milliseconds', t.ended),
      $2, row_number() over (partition by t.agent_id order by t.session_id, t.document_id, piece),
      t.account_id, t.application_id, t.agent_id, t.state,
      case when piece = t.started then t.cause else $3::int2 end,
      case when piece = t.started then t.flags | $4::int2 else $4::int2 | $5::int2 end
    from open_stretch t, generate_series(t.started, t.ended - interval '1 microsecond',
      interval '${SEGMENT_CAP_MS} milliseconds') piece
    where t.agent_id = any($1)
    returning application_id, started, ended)
  insert into dirty_log (application_id, q) select distinct application_id, q from written, ${QUARTERS} q`;

const END_DOCUMENTS = `
  update document d set close_cause = $2, closed = greatest(d.opened, (
    select max(g.ended) from segment g where g.agent_id = d.agent_id and g.session_id = d.session_id
      and g.document_id = d.id and g.started >= d.opened - interval '1 second'))
  where d.agent_id = any($1) and d.closed is null`;

const END_SESSIONS = `
  update session s set end_cause = $2, ended = greatest(s.started,
    (select max(d.closed) from document d where d.agent_id = s.agent_id and d.session_id = s.id),
    (select max(g.ended) from segment g where g.agent_id = s.agent_id and g.session_id = s.id
      and g.started >= s.started - interval '1 second'))
  where s.agent_id = any($1) and s.ended is null`;

import type { Pool, PoolClient } from 'pg';
import { holdOffWriters } from '../closing/index.ts';
import { sweptTimes } from './sweep-store.ts';

/** Any constant: the id of the advisory lock of the one process that computes times at a moment. */
const KEEPER = 1_347_243_861;

/** Where a round goes on: behind this session. */
export interface Place {
  agent: number;
  session: string;
}
export const BEGINNING: Place = { agent: 0, session: '-9223372036854775808' };

/** Keys of sessions, as columns. Ids as int8. */
export interface SessionKeys {
  agents: readonly number[];
  sessions: readonly string[];
}

/**
 * Forgets the kept times of sessions whose records change in this transaction. To be called behind `holdOffClosing`:
 * times are computed only while no transaction is between this and its commit.
 */
export async function forgetTimes(client: PoolClient, keys: SessionKeys): Promise<void> {
  if (keys.agents.length === 0) return;
  const { rows } = await client.query<KeptRow>(STILL_KEPT, [keys.agents, keys.sessions]);
  if (rows.length === 0) return;
  await client.query(FORGET, [rows.map((row) => row.agent_id), rows.map((row) => row.id)]);
}

// Most sessions of a flush are open, and nothing is kept of them. Each is looked up by its key: left free, the planner
// would read the whole table for some hundred of them.
const STILL_KEPT = `
  select s.agent_id, s.id from unnest($1::int4[], $2::int8[]) as k(agent, id), lateral (
    select agent_id, id from session where agent_id = k.agent and session.id = k.id and kept_active_ms is not null
    offset 0) s`;

// Rows are locked in one order, so that two processes never wait for each other.
const FORGET = `
  with known as (
    select s.agent_id, s.id from session s join unnest($1::int4[], $2::int8[]) as k(agent, id)
      on s.agent_id = k.agent and s.id = k.id
    where s.kept_active_ms is not null order by s.agent_id, s.id for update of s)
  update session s set kept_active_ms = null, kept_inactive_ms = null, kept_timeout_ms = null
  from known where s.agent_id = known.agent_id and s.id = known.id`;

/** Ended sessions without times. What still has a running stretch is not over, whatever its record says. */
const DUE = `
  select agent_id, id, started from session s
  where ended is not null and kept_active_ms is null and (agent_id, id) > ($1::int4, $2::int8)
    and not exists (select from open_document d
      where d.agent_id = s.agent_id and d.session_id = s.id and not d.server_closed)
  order by agent_id, id`;

/** True when some session behind the place waits for its times. */
export async function isDue(pool: Pool, after: Place): Promise<boolean> {
  const { rowCount } = await pool.query(`${DUE} limit 1`, [after.agent, after.session]);
  return rowCount === 1;
}

/**
 * Computes the times of some ended sessions, in one transaction in which nothing of ingest, of a replay or of the closing
 * of agents can come in between. READ COMMITTED is needed: what is read must include what was committed before.
 * @returns where it ended; undefined when there was nothing to do, or another process does it
 * @throws 55P03 when a flush takes longer than it is waited for
 */
export async function keepTimes(
  client: PoolClient,
  after: Place,
  limit: number,
): Promise<{ kept: number; last: Place } | undefined> {
  await client.query('begin isolation level read committed');
  try {
    const { rows: office } = await client.query<{ free: boolean }>(
      'select pg_try_advisory_xact_lock($1) as free',
      [KEEPER],
    );
    const rows = office[0]?.free === true ? await compute(client, after, limit) : [];
    await client.query('commit');
    const last = rows.at(-1);
    return last && { kept: rows.length, last: { agent: last.agent_id, session: last.id } };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

interface KeptRow {
  agent_id: number;
  id: string;
}

async function compute(client: PoolClient, after: Place, limit: number): Promise<KeptRow[]> {
  await holdOffWriters(client);
  const { rows } = await client.query<KeptRow>(KEEP, [after.agent, after.session, limit]);
  return rows;
}

const KEEP = `
  with due as materialized (${DUE} limit $3), ${sweptTimes('due', 'closed')}, kept as (
    update session s set kept_active_ms = coalesce(t.active_ms, 0), kept_inactive_ms = coalesce(t.inactive_ms, 0),
      kept_timeout_ms = coalesce(t.timeout_ms, 0)
    from due left join times t on t.agent_id = due.agent_id and t.session_id = due.id
    where s.agent_id = due.agent_id and s.id = due.id
    returning s.agent_id, s.id)
  select agent_id, id from kept order by agent_id, id`;

import type { Task } from '@process-meter/contract';
import type { PoolClient } from 'pg';

interface Row {
  kind: Task['kind'];
  count: number;
  since: Date | null;
}

/** Causes for a task, each with how many and since when; those with none have the count 0. */
export async function findTasks(client: PoolClient, account: number, now: Date): Promise<Task[]> {
  const { rows } = await client.query<Row>(TASKS, [account, now]);
  return rows.map((row) => ({ kind: row.kind, count: row.count, since: row.since?.getTime() ?? null }));
}

// An application or agent that is missing is itself the cause: counted as one.
const TASKS = `
  with mine as (select * from agent where account_id = $1 and revoked_at is null),
  can as (
    select distinct on (k.agent_id) k.agent_id, k.at, k.input, k."window" as windows
    from capability k join mine on mine.id = k.agent_id order by k.agent_id, k.at desc)
  select 'noApplications' as kind, (not exists (select from application
      where account_id = $1 and deleted_at is null))::int as count, null::timestamptz as since
  union all select 'noAgents', (not exists (select from mine))::int, null
  union all select 'agentsSilent', count(*)::int, min(last_seen_at) from mine
    where last_seen_at < $2::timestamptz - interval '24 hours'
  union all select 'agentsBlind', count(*)::int, min(can.at) from can join mine on mine.id = can.agent_id
    where (input = 'none' or windows = 'none') and mine.last_seen_at >= $2::timestamptz - interval '24 hours'
  union all select 'deadLetters', count(*)::int, min(received_at) from dead_letter
    where account_id = $1 and replayed_at is null and received_at >= $2::timestamptz - interval '7 days'
  union all select 'recordsLost', count(*)::int, min(from_at) from record_gap
    where account_id = $1 and to_at >= $2::timestamptz - interval '7 days'
  union all select 'configurationOld', count(*)::int, max(p.updated_at) from mine
      join account a on a.id = mine.account_id
      cross join (select coalesce(max(updated_at), 'epoch') as updated_at from application where account_id = $1) p
    where mine.phase = 'running' and mine.last_seen_at >= $2::timestamptz - interval '90 seconds'
      and coalesce(mine.applied_revision, -1) < a.config_revision
      and p.updated_at < $2::timestamptz - interval '2 minutes'`;

import type { ObservedApplication, ObservedPool } from '@process-meter/contract';
import { sql } from 'kysely';
import type { Db } from '../db/index.ts';

const DAY_MS = 86_400_000;

/** Use of the applications of resources, by the id of the resource, in one statement however many they are. */
export async function observeApplications(
  db: Db,
  account: number,
  { ids, now }: { ids: readonly number[]; now: number },
): Promise<ReadonlyMap<number, ObservedApplication>> {
  if (ids.length === 0) return new Map();
  const dayAgo = new Date(now - DAY_MS);
  const { rows } = await sql<ObservedApplication & { id: number }>`
    with mine as (
      select a.id, a.slug, a.revision, a.declared_id from application a
      where a.account_id = ${account} and a.declared_id = any(${ids}::int[]) and a.deleted_at is null),
    open_now as (
      select d.application_id, count(distinct (d.agent_id, d.session_id))::int as n from open_document d
      where d.account_id = ${account} and not d.server_closed and d.application_id in (select id from mine) group by 1),
    peaks as (
      select r.application_id, max(r.peak_open) as n from rollup_quarter r
      where r.account_id = ${account} and r.q >= ${dayAgo} and r.application_id in (select id from mine) group by 1),
    seen as (
      select application_id, count(distinct agent_id)::int as n from (
        select s.application_id, s.agent_id from session s join mine on mine.id = s.application_id
          where s.account_id = ${account} and (s.started >= ${dayAgo} or s.ended >= ${dayAgo})
        union select d.application_id, d.agent_id from open_document d join mine on mine.id = d.application_id
          where d.account_id = ${account} and not d.server_closed) as s group by 1),
    applied as (
      select applied_revision as revision, count(*)::int as n from agent
      where account_id = ${account} and revoked_at is null and applied_revision is not null group by 1)
    select mine.declared_id as id, mine.slug, coalesce(o.n, 0) as "openNow",
      greatest(coalesce(p.n, 0), coalesce(o.n, 0)) as "peak24h", coalesce(s.n, 0) as "agentsSeen",
      (select coalesce(sum(n), 0)::int from applied where applied.revision >= mine.revision) as "agentsConfigured"
    from mine
      left join open_now o on o.application_id = mine.id
      left join peaks p on p.application_id = mine.id
      left join seen s on s.application_id = mine.id`.execute(db);
  return new Map(rows.map(({ id, ...observed }) => [id, observed]));
}

/** A pool whose use agents count: licences in use are the open sessions of its applications. */
export interface CountedPool {
  id: number;
  quantity: number;
  /** Names of MonitoredApplications beside it. */
  applications: readonly string[];
}

export async function observePools(
  db: Db,
  account: number,
  { pools, now }: { pools: readonly CountedPool[]; now: number },
): Promise<ReadonlyMap<number, ObservedPool>> {
  const pairs = pools.flatMap(({ id, applications }) => applications.map((name) => ({ id, name })));
  const { rows } = await sql<{ id: number; in_use: number; peak: number }>`
    with wanted as (
      select w.pool, a.id as application_id
      from unnest(${pairs.map(({ id }) => id)}::int[], ${pairs.map(({ name }) => name)}::text[]) as w(pool, name)
      join declared p on p.id = w.pool
      join declared d on d.account_id = ${account} and d.cluster = p.cluster and d.kind = 'MonitoredApplication'
        and d.namespace = p.namespace and d.name = w.name and d.deleted_at is null
      join application a on a.declared_id = d.id and a.deleted_at is null),
    open_now as (
      select w.pool, count(distinct (d.agent_id, d.session_id))::int as n from wanted w
      join open_document d on d.application_id = w.application_id and d.account_id = ${account} and not d.server_closed
      group by 1),
    quarters as (
      select w.pool, r.q, sum(r.peak_open)::int as n from wanted w
      join rollup_quarter r on r.application_id = w.application_id and r.account_id = ${account}
        and r.q >= ${new Date(now - DAY_MS)}
      group by 1, 2)
    select p.pool as id, coalesce((select n from open_now o where o.pool = p.pool), 0) as in_use,
      coalesce((select max(n) from quarters q where q.pool = p.pool), 0) as peak
    from unnest(${pools.map(({ id }) => id)}::int[]) as p(pool)`.execute(db);
  const quantities = new Map(pools.map(({ id, quantity }) => [id, quantity]));
  return new Map(
    rows.map(({ id, in_use: inUse, peak }) => [
      id,
      { inUse, peak24h: Math.max(peak, inUse), available: (quantities.get(id) ?? 0) - inUse },
    ]),
  );
}

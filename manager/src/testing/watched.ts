import { CAUSE, type Completeness } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import type { Slot } from '../calendar/index.ts';
import { completenessFrom, spansOf, total, type AgentPresence, type Missing } from '../completeness/model.ts';
import type { AgentCompleteness } from '../completeness/report.ts';
import { namedAgents } from '../completeness/store.ts';

/** A stretch an agent watched without a break. `cause` says how it ended. */
export interface Watched {
  agent: number;
  from: number;
  to: number;
  cause: number;
}

/** After these ends nobody used the desktop, or nobody could: nothing is expected until the agent watches again. */
const LEFT: ReadonlySet<number> = new Set([CAUSE.agentStopped, CAUSE.suspended, CAUSE.disconnected]);

/**
 * How much of each slot is known (docs/completeness.md). Of an agent is expected: every moment since it first watched,
 * except between a clean leave and its return. The share is covered time over expected time, all agents together.
 * @param watched sorted by agent, then from; the first of an agent in the list may lie before the slots
 * @param now nothing is expected of the future
 */
export function completenessOf(
  slots: readonly Slot[],
  watched: readonly Watched[],
  agents: readonly AgentPresence[],
  now: number,
): Completeness {
  const covered = slots.map((slot) => total(watched, slot.from, Math.min(slot.to, now)));
  return completenessFrom(slots, covered, missingSpans(watched, agents, now), now);
}

/** Spans in which an agent was expected to watch and nothing is known. */
export function missingSpans(
  watched: readonly Watched[],
  agents: readonly AgentPresence[],
  now: number,
): Missing[] {
  const revoked = new Map(agents.map((agent) => [agent.agent, agent.revokedAt]));
  const gaps = watched.flatMap((stretch, i) => {
    if (LEFT.has(stretch.cause)) return [];
    const next = watched[i + 1];
    const to = next?.agent === stretch.agent ? next.from : null;
    return [{ agent: stretch.agent, from: stretch.to, to, revokedAt: revoked.get(stretch.agent) ?? null }];
  });
  return spansOf(gaps, now);
}

/** What completeness by agent says, counted from every single row. */
export async function watchedByAgent(
  client: PoolClient,
  account: number,
  range: Slot,
  now: number,
): Promise<Pick<AgentCompleteness, 'id' | 'share' | 'missing'>[]> {
  const watched = await watchedStretches(client, account, range);
  const agents = await namedAgents(client, account);
  const gaps = missingSpans(watched, agents, now);
  return agents.map((one) => {
    const own = watched.filter(({ agent }) => agent === one.agent);
    const missing = gaps
      .filter(({ agent }) => agent === one.agent)
      .map(({ from, to }) => ({ from: Math.max(from, range.from), to: Math.min(to, range.to) }))
      .filter(({ from, to }) => to > from);
    return { id: one.id, share: completenessOf([range], own, [one], now).share, missing };
  });
}

/**
 * What each agent watched, neighbouring rows joined, with the last stretch before the range (it tells whether the agent
 * had left). The running stretch of a connected agent, which no row tells yet, comes from its open snapshot.
 */
export async function watchedStretches(client: PoolClient, account: number, range: Slot): Promise<Watched[]> {
  const { rows } = await client.query<{ agent_id: number; from_at: Date; to_at: Date; cause: number }>(
    STRETCHES,
    [account, new Date(range.from), new Date(range.to), CAUSE.cut],
  );
  return rows.map((row) => ({
    agent: row.agent_id,
    from: row.from_at.getTime(),
    to: row.to_at.getTime(),
    cause: row.cause,
  }));
}

const STRETCHES = `
  with pieces as (
    select agent_id, from_at, to_at, cause from coverage
      where account_id = $1 and from_at < $3 and from_at >= $2::timestamptz - interval '15 minutes'
    union all
    select a.id, before.from_at, before.to_at, before.cause from agent a, lateral (
      select from_at, to_at, cause from coverage c
      where c.agent_id = a.id and c.from_at < $2::timestamptz - interval '15 minutes' order by from_at desc limit 1) before
      where a.account_id = $1
    union all
    select agent_id, watched_from, as_of, $4::smallint from open_snapshot
      where account_id = $1 and watched_from is not null and watched_from < $3 and as_of > watched_from
  ), marked as (
    select *, (lag(to_at) over w is null or lag(to_at) over w < from_at or lag(cause) over w <> $4)::int as breaks
    from pieces window w as (partition by agent_id order by from_at, to_at)
  ), grouped as (
    select *, sum(breaks) over (partition by agent_id order by from_at, to_at) as island from marked
  )
  select agent_id, min(from_at) as from_at, max(to_at) as to_at,
    (array_agg(cause order by to_at desc))[1] as cause
  from grouped group by agent_id, island order by agent_id, from_at`;

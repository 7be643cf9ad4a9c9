import type { PoolClient } from 'pg';
import type { Slot } from '../calendar/index.ts';
import { LEFT_CAUSES, QUARTER_MS, quarterOf } from '../rollup/index.ts';
import type { Gap } from './model.ts';

/** Coverage that the roll-up does not have yet, and the running stretch of connected agents. */
export interface Fresh {
  logged: Slot[];
  running: Slot[];
}

/** Covered time of the whole quarters of each slot by the roll-up, ms. */
export async function coveredQuarters(
  client: PoolClient,
  account: number,
  slots: readonly Slot[],
): Promise<number[]> {
  const covered = slots.map(() => 0);
  const whole = slots.map(({ from, to }) => ({
    first: Math.ceil(from / QUARTER_MS),
    after: Math.floor(to / QUARTER_MS),
  }));
  const { rows } = await client.query<{ slot: number; ms: number }>({
    name: 'coverage-by-slot',
    text: COVERED,
    values: [account, whole.map(({ first }) => first), whole.map(({ after }) => after)],
  });
  for (const { slot, ms } of rows) covered[slot - 1] = ms;
  return covered;
}

const COVERED = `
  select s.slot::int, sum(c.covered_ms::float8) as ms
  from unnest($2::int4[], $3::int4[]) with ordinality s(first, after, slot)
    join coverage_quarter c on c.account_id = $1 and c.q >= s.first and c.q < s.after
  group by s.slot`;

/** Covered time of stretches inside one quarter, ms, from the rows themselves. */
export async function coveredParts(
  client: PoolClient,
  account: number,
  parts: readonly Slot[],
): Promise<number[]> {
  const covered = parts.map(() => 0);
  if (parts.length === 0) return covered;
  const { rows } = await client.query<{ part: number; ms: number }>(PARTS, [
    account,
    parts.map(({ from }) => new Date(from)),
    parts.map(({ to }) => new Date(to)),
    [...new Set(parts.map(({ from }) => quarterOf(from)))],
  ]);
  for (const { part, ms } of rows) covered[part - 1] = ms;
  return covered;
}

// What is in the log still is counted from there. A piece is no longer than a quarter.
const PARTS = `
  with piece as (
    select c.* from unnest($4::int4[]) q, coverage c where c.account_id = $1
      and c.from_at >= to_timestamp((q - 1) * 900.0) and c.from_at < to_timestamp((q + 1) * 900.0)
    except select account_id, agent_id, from_at, to_at, cause from coverage_log where account_id = $1)
  select p.part::int, sum(extract(epoch from least(c.to_at, p.hi) - greatest(c.from_at, p.lo)) * 1000)::float8 as ms
  from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality p(lo, hi, part)
    join piece c on c.from_at < p.hi and c.to_at > p.lo
  group by p.part`;

export async function freshStretches(client: PoolClient, account: number, range: Slot): Promise<Fresh> {
  const { rows } = await client.query<{ from_at: Date; to_at: Date; running: boolean }>({
    name: 'coverage-not-rolled-up',
    text: FRESH,
    values: [account, new Date(range.from), new Date(range.to)],
  });
  const of = (isRunning: boolean): Slot[] =>
    rows
      .filter(({ running }) => running === isRunning)
      .map(({ from_at, to_at }) => ({ from: from_at.getTime(), to: to_at.getTime() }));
  return { logged: of(false), running: of(true) };
}

const FRESH = `
  select from_at, to_at, false as running from coverage_log where account_id = $1 and from_at < $3 and to_at > $2
  union all
  select watched_from, as_of, true from open_snapshot
    where account_id = $1 and watched_from < $3 and as_of > greatest(watched_from, $2)`;

/** Where an agent should have watched on, up to when it did; `to` is null while it did not come back. */
export async function gapsIn(client: PoolClient, account: number, range: Slot): Promise<Gap[]> {
  const { rows } = await client.query<{
    agent_id: number;
    at: Date;
    resumed: Date | null;
    revoked_at: Date | null;
  }>({
    // Planned once a connection: that takes several times as long as to run it.
    name: 'coverage-gaps',
    text: GAPS,
    values: [account, new Date(range.from), new Date(range.to), LEFT_CAUSES],
  });
  return rows.map((row) => ({
    agent: row.agent_id,
    from: row.at.getTime(),
    to: row.resumed?.getTime() ?? null,
    revokedAt: row.revoked_at?.getTime() ?? null,
  }));
}

// A piece of coverage is no longer than a quarter. As a join it would be looked up by reading all of them.
const GAPS = `
  with running as not materialized (
    select agent_id, watched_from, as_of from open_snapshot
    where account_id = $1 and watched_from < $3 and as_of > watched_from
  ), logged as (select agent_id, from_at, to_at, cause from coverage_log where account_id = $1
  ), ends as (
    select agent_id, at, resumed_at from coverage_break
      where account_id = $1 and at < $3 and (resumed_at is null or resumed_at > $2)
    union all
    select distinct f.agent_id, f.at, (select min(from_at) from coverage c
      where c.agent_id = f.agent_id and c.from_at > f.at)
    from (select agent_id, to_at as at, from_at from logged where cause <> all($4::int4[])
      union all select agent_id, as_of, watched_from from running) f
    where f.at < $3 and coalesce((select max(c.to_at) from coverage c where c.agent_id = f.agent_id
      and c.from_at >= greatest(f.from_at, f.at - interval '15 minutes') and c.from_at <= f.at), f.at) <= f.at
  )
  select distinct e.agent_id, e.at, a.revoked_at, least(e.resumed_at,
    (select min(l.from_at) from logged l where l.agent_id = e.agent_id and l.from_at > e.at),
    (select min(r.watched_from) from running r where r.agent_id = e.agent_id and r.watched_from > e.at)) as resumed
  from ends e join agent a on a.id = e.agent_id
  where not exists (select from logged l where l.agent_id = e.agent_id and l.from_at <= e.at and l.to_at > e.at)
    and not exists (select from running r where r.agent_id = e.agent_id and r.watched_from <= e.at and r.as_of > e.at)`;

import type { ApplicationRef, Lane } from '@process-meter/contract';
import { stateName } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import type { Slot } from '../../calendar/index.ts';
import { mergeDocuments, type StateSpan } from '../../rollup/index.ts';

const MAX_LANES = 500;

/** Applications of the account, the most used of the range first; deleted ones only while they have use in it. */
export async function applicationsByUse(
  client: PoolClient,
  account: number,
  range: Slot,
): Promise<ApplicationRef[]> {
  const days = { from: Math.ceil(range.from / DAY_MS) * DAY_MS, to: Math.floor(range.to / DAY_MS) * DAY_MS };
  // Without a whole day of UTC inside, the quarters are the range itself, and none after it.
  const edge = days.from < days.to ? days : { from: range.to, to: range.to };
  const { rows } = await client.query<ApplicationRef>({
    name: 'applications-by-use',
    text: APPLICATIONS_BY_USE,
    values: [account, ...[range.from, edge.from, edge.to, range.to].map((at) => new Date(at))],
  });
  return rows;
}

const DAY_MS = 86_400_000;

/** Whole days of UTC from their sums, what is left at the edges of the range from its quarters. */
const APPLICATIONS_BY_USE = `
  with by_day as (
    select application_id, sum(used_ms::float8) as used from use_day
    where account_id = $1 and day >= ($3::timestamptz at time zone 'UTC')::date
      and day < ($4::timestamptz at time zone 'UTC')::date
    group by application_id
  ), opened as (
    select application_id, count(*) as n from open_document where account_id = $1 and not server_closed
    group by application_id
  )
  select id, slug, name from (
    select a.id, a.slug, a.name, a.deleted_at, o.n as opened,
      coalesce(d.used, 0) + coalesce(case when $2::timestamptz < $3 then (
        select sum((ms_active + ms_inactive + ms_timeout)::float8) from rollup_quarter r
        where r.account_id = $1 and r.application_id = a.id and q >= $2 and q < $3) end, 0)
      + coalesce(case when $4::timestamptz < $5 then (
        select sum((ms_active + ms_inactive + ms_timeout)::float8) from rollup_quarter r
        where r.account_id = $1 and r.application_id = a.id and q >= $4 and q < $5) end, 0) as used
    from application a left join by_day d on d.application_id = a.id left join opened o on o.application_id = a.id
    where a.account_id = $1) a
  where deleted_at is null or used > 0
  order by used desc, coalesce(opened, 0) desc, name`;

/** The largest peak of each local day that has one, from the roll-up, without what lies in a range. */
export async function peaksOutside(
  client: PoolClient,
  of: { account: number; application: number },
  midnights: readonly number[],
  range: Slot,
): Promise<{ at: number; peak: number }[]> {
  const from = midnights[0] ?? range.from;
  const to = midnights.at(-1) ?? range.to;
  if (from >= range.from && to <= range.to) return [];
  const { rows } = await client.query<{ day: number; peak: number }>({
    name: 'peaks-by-day',
    text: PEAKS_BY_DAY,
    values: [
      of.account,
      of.application,
      ...[from, Math.min(range.from, to), Math.max(range.to, from), to].map((at) => new Date(at)),
      midnights.map((at) => new Date(at)),
    ],
  });
  return rows.map(({ day, peak }) => ({ at: midnights[day - 1] ?? from, peak }));
}

const PEAKS_BY_DAY = `
  select width_bucket(q, $7::timestamptz[]) as day, max(peak_open) as peak from (
    select q, peak_open from rollup_quarter
      where account_id = $1 and application_id = $2 and q >= $3 and q < $4
    union all
    select q, peak_open from rollup_quarter
      where account_id = $1 and application_id = $2 and q >= $5 and q < $6) r
  group by 1`;

/** One lane a session that was open in the range, with its states in it; the longest unused first. */
export async function lanes(
  client: PoolClient,
  of: { account: number; application: ApplicationRef },
  range: Slot,
): Promise<Lane[]> {
  const { rows } = await client.query<LaneRow>(LANES, [
    of.account,
    of.application.id,
    new Date(range.from),
    new Date(range.to),
  ]);
  const sessions = new Map<string, { row: LaneRow; spans: StateSpan[] }>();
  for (const row of rows) {
    const lane = sessions.get(row.session) ?? { row, spans: [] };
    lane.spans.push({ started: row.started.getTime(), ended: row.ended.getTime(), state: row.state });
    sessions.set(row.session, lane);
  }
  return [...sessions.values()]
    .map(({ row, spans }) => laneOf(row, of.application, clip(mergeDocuments(spans), range)))
    .toSorted((a, b) => b.unusedMs - a.unusedMs || a.user.localeCompare(b.user))
    .slice(0, MAX_LANES);
}

interface LaneRow {
  session: string;
  user_name: string;
  computer: string;
  started: Date;
  ended: Date;
  state: number;
}

// Sessions are looked up one by one: as a join all sessions that there ever were would be read.
const LANES = `
  with spans as materialized (
    select agent_id, session_id, started, ended, state from segment
      where application_id = $2 and account_id = $1 and started < $4 and ended > $3
        and started > $3::timestamptz - interval '8 hours 1 second'
    union all
    select agent_id, session_id, started, ended, state from open_stretch
      where application_id = $2 and account_id = $1 and started < $4 and ended > greatest($3, started)
  ), open as (
    select o.agent_id, o.session_id, s.*
    from (select distinct agent_id, session_id from spans) o cross join lateral (
      select a.external_id || '.' || lpad(to_hex(s.id), 16, '0') as session, s.user_name, s.computer
      from session s join agent a on a.id = s.agent_id where s.agent_id = o.agent_id and s.id = o.session_id limit 1) s
  )
  select o.session, o.user_name, o.computer, p.started, p.ended, p.state
  from spans p join open o on o.agent_id = p.agent_id and o.session_id = p.session_id order by p.started`;

function clip(spans: readonly StateSpan[], range: Slot): StateSpan[] {
  return spans
    .map((span) => ({
      ...span,
      started: Math.max(span.started, range.from),
      ended: Math.min(span.ended, range.to),
    }))
    .filter((span) => span.ended > span.started);
}

function laneOf(row: LaneRow, application: ApplicationRef, spans: readonly StateSpan[]): Lane {
  return {
    session: row.session,
    application,
    user: row.user_name,
    computer: row.computer,
    segments: spans.map((span) => ({
      from: span.started,
      to: span.ended,
      state: stateName(span.state) ?? 'timeout',
    })),
    unusedMs: spans
      .filter((span) => span.state !== 1)
      .reduce((sum, span) => sum + span.ended - span.started, 0),
  };
}

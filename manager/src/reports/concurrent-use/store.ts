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
  const { rows } = await client.query<ApplicationRef>(
    `select a.id, a.slug, a.name from application a left join lateral (
       select sum(ms_active + ms_inactive + ms_timeout)::float8 as used from rollup_quarter r
       where r.account_id = a.account_id and r.application_id = a.id and q >= $2 and q < $3) u on true
     where a.account_id = $1 and (a.deleted_at is null or u.used > 0)
     order by coalesce(u.used, 0) desc,
       (select count(*) from open_document d where d.account_id = a.account_id and d.application_id = a.id
         and not d.server_closed) desc, a.name`,
    [account, new Date(range.from), new Date(range.to)],
  );
  return rows;
}

/** Peaks of the quarters of a long time, without their minutes. */
export async function quarterPeaks(
  client: PoolClient,
  of: { account: number; application: number },
  range: Slot,
): Promise<{ at: number; peak: number }[]> {
  const { rows } = await client.query<{ q: Date; peak_open: number }>(
    `select q, peak_open from rollup_quarter
     where account_id = $1 and application_id = $2 and q >= $3 and q < $4 order by q`,
    [of.account, of.application, new Date(range.from), new Date(range.to)],
  );
  return rows.map((row) => ({ at: row.q.getTime(), peak: row.peak_open }));
}

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

const LANES = `
  with spans as (
    select agent_id, session_id, started, ended, state from segment
      where application_id = $2 and account_id = $1 and started < $4 and ended > $3
        and started > $3::timestamptz - interval '8 hours 1 second'
    union all
    select agent_id, session_id, started, ended, state from open_stretch
      where application_id = $2 and account_id = $1 and started < $4 and ended > greatest($3, started)
  )
  select a.external_id || '.' || lpad(to_hex(s.id), 16, '0') as session, s.user_name, s.computer,
    p.started, p.ended, p.state
  from spans p join session s on s.agent_id = p.agent_id and s.id = p.session_id join agent a on a.id = p.agent_id
  order by p.started`;

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

import type { PoolClient } from 'pg';
import {
  fetchUse,
  QUARTER_MS,
  quarterOf,
  quarterStart,
  runsOf,
  sweepQuarters,
  type QuarterUse,
  type Run,
  type UseBuffer,
} from '../rollup/index.ts';

export interface UseRange {
  account: number;
  application: number;
  /** Quarter numbers, inclusive. */
  first: number;
  last: number;
}

export interface OpenRow {
  agent_id: number;
  session_id: string;
  started: Date;
  ended: Date;
  state: number;
  flags: number;
}

/** Quarters of a range whose roll-up is not the whole truth, and what is open in them. */
export interface Touched {
  open: readonly OpenRow[];
  quarters: ReadonlySet<number>;
}

const SESSION_START = 1;

/**
 * Exact use of an application by quarter-hours, up to the last thing any agent told: the roll-up, in which the
 * quarters that something open or something not yet rolled touches are computed anew from the segments.
 * To be called on one snapshot (`readSnapshot`).
 */
export async function readUse(client: PoolClient, range: UseRange): Promise<QuarterUse[]> {
  const { settled, stale } = await rolledUp(client, range);
  const touched = await readTouched(client, range);
  const fresh = await recompute(client, range, touched, stale);
  const fromRollup = settled.filter((use) => !touched.quarters.has(use.quarter));
  return fresh.length === 0
    ? fromRollup
    : [...fromRollup, ...fresh].toSorted((a, b) => a.quarter - b.quarter);
}

/** Quarters that something open or something not yet rolled touches. */
export async function readTouched(client: PoolClient, range: UseRange): Promise<Touched> {
  const open = await openStretches(client, range);
  const quarters = await dirtyQuarters(client, range);
  for (const row of open) {
    const to = Math.min(quarterOf(row.ended.getTime() - 1), range.last);
    for (let q = Math.max(quarterOf(row.started.getTime()), range.first); q <= to; q += 1) quarters.add(q);
  }
  return { open, quarters };
}

/** Computes the touched quarters and others that are stale from the segments and what is open. */
export async function recompute(
  client: PoolClient,
  range: UseRange,
  touched: Touched,
  stale: readonly number[],
): Promise<QuarterUse[]> {
  const quarters = new Set([...touched.quarters, ...stale]);
  if (quarters.size === 0) return [];
  const keys = [...quarters].map((quarter) => ({ application: range.application, quarter }));
  const runs = runsOf(keys, new Map([[range.application, range.account]]));
  const buffers = await fetchUse(client, runs);
  return runs.flatMap((run, i) => {
    const buffer = buffers[i];
    if (buffer === undefined) return [];
    addOpen(buffer, run, touched.open);
    return sweepQuarters(buffer, run.first, run.last);
  });
}

export function addOpen(buffer: UseBuffer, run: Run, open: readonly OpenRow[]): void {
  for (const row of open) {
    const span = { started: row.started.getTime(), ended: row.ended.getTime(), state: row.state };
    const overlaps = span.ended > quarterStart(run.first) && span.started < quarterStart(run.last + 1);
    const session = { agent: row.agent_id, session: BigInt(row.session_id) };
    if (overlaps) buffer.push(session, span, (row.flags & SESSION_START) !== 0);
  }
}

/** What is rolled up; `stale` are quarters of an older version, without the times of their minutes. */
async function rolledUp(
  client: PoolClient,
  range: UseRange,
): Promise<{ settled: QuarterUse[]; stale: number[] }> {
  const { rows } = await client.query<RollupRow>({
    name: 'quarters-of-range',
    text: `select ${ROLLUP_COLUMNS} from rollup_quarter
     where account_id = $1 and application_id = $2 and q >= $3 and q < $4 order by q`,
    values: [range.account, range.application, ...instantsOf(range)],
  });
  const quarterAt = (row: RollupRow): number => row.q.getTime() / QUARTER_MS;
  return {
    settled: settledOf(rows),
    stale: rows.filter((row) => row.minute_ms === null).map(quarterAt),
  };
}

/** Some quarters as they are rolled up, in order; those that are stale or without use are left out. */
export async function readQuarters(
  client: PoolClient,
  { account, application }: UseRange,
  quarters: readonly number[],
): Promise<QuarterUse[]> {
  if (quarters.length === 0) return [];
  const { rows } = await client.query<RollupRow>({
    name: 'quarters-by-number',
    // As a join it is planned once, whatever the quarters are.
    text: `select r.* from unnest($3::timestamptz[]) asked(at), lateral (
       select ${ROLLUP_COLUMNS} from rollup_quarter
       where account_id = $1 and application_id = $2 and q = asked.at) r order by q`,
    values: [account, application, quarters.map((quarter) => new Date(quarterStart(quarter)))],
  });
  return settledOf(rows);
}

/** Quarters of an older version. */
export async function readStale(client: PoolClient, range: UseRange): Promise<number[]> {
  const { rows } = await client.query<{ q: Date }>(
    `select q from rollup_quarter
     where account_id = $1 and application_id = $2 and q >= $3 and q < $4 and minute_ms is null`,
    [range.account, range.application, ...instantsOf(range)],
  );
  return rows.map((row) => row.q.getTime() / QUARTER_MS);
}

export const ROLLUP_COLUMNS = `q, ms_active, ms_inactive, ms_timeout, peak_open, peak_active, peak_inactive, peak_timeout,
  sessions, starts, minutes, peak_at, peak_ms, minute_ms`;

/** First instant of a range of quarters and of the quarter after it. */
export const instantsOf = ({ first, last }: Pick<UseRange, 'first' | 'last'>): [Date, Date] => [
  new Date(quarterStart(first)),
  new Date(quarterStart(last + 1)),
];

function settledOf(rows: readonly RollupRow[]): QuarterUse[] {
  return rows.flatMap((row) =>
    row.minute_ms === null ? [] : [useOf(row, row.q.getTime() / QUARTER_MS, row.minute_ms)],
  );
}

export function useOf(row: RollupRow, quarter: number, minuteMs: Buffer): QuarterUse {
  return {
    quarter,
    msActive: Number(row.ms_active),
    msInactive: Number(row.ms_inactive),
    msTimeout: Number(row.ms_timeout),
    peakOpen: row.peak_open,
    peakActive: row.peak_active,
    peakInactive: row.peak_inactive,
    peakTimeout: row.peak_timeout,
    peakAt: row.peak_at?.getTime() ?? row.q.getTime(),
    peakMs: row.peak_ms,
    sessions: row.sessions,
    starts: row.starts,
    minutes: row.minutes,
    minuteMs,
  };
}

export interface RollupRow {
  q: Date;
  ms_active: string;
  ms_inactive: string;
  ms_timeout: string;
  peak_open: number;
  peak_active: number;
  peak_inactive: number;
  peak_timeout: number;
  sessions: number;
  starts: number;
  minutes: Buffer;
  peak_at: Date | null;
  peak_ms: number;
  minute_ms: Buffer | null;
}

/** What is open, as stretches up to the last news of its agents (the view `open_stretch`). */
async function openStretches(client: PoolClient, range: UseRange): Promise<OpenRow[]> {
  const { rows } = await client.query<OpenRow>({
    // Planned once a connection: the view looks into every partition of segments, which takes longer to plan than to run.
    name: 'open-stretches-of-application',
    text: `select agent_id, session_id, started, ended, state, flags from open_stretch
     where account_id = $1 and application_id = $2 and ended > started and started < $3 and ended > $4`,
    values: [
      range.account,
      range.application,
      new Date(quarterStart(range.last + 1)),
      new Date(quarterStart(range.first)),
    ],
  });
  return rows;
}

async function dirtyQuarters(client: PoolClient, range: UseRange): Promise<Set<number>> {
  const { rows } = await client.query<{ q: number }>(
    'select distinct q from dirty_log where application_id = $1 and q between $2 and $3',
    [range.application, range.first, range.last],
  );
  return new Set(rows.map((row) => row.q));
}

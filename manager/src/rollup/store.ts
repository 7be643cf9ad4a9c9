import type { Pool, PoolClient } from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { QUARTER_MS, quarterStart } from './quarter.ts';
import type { QuarterUse } from './sweep.ts';
import { MINUTES_BYTES, MINUTE_TIMES_BYTES } from './minutes.ts';
import { readCopyRows } from './copy-rows.ts';
import { UseBuffer } from './use-buffer.ts';

/** Quarters of one application that hang together and are computed in one fetch. Both ends inclusive. */
export interface Run {
  application: number;
  account: number;
  first: number;
  last: number;
}

export interface DirtyKey {
  application: number;
  quarter: number;
}

/** Any constant: the id of the advisory lock that elects the roller. */
const ROLLER_LOCK = 1_347_243_859;
const SESSION_START = 1;
/** After all of them: the largest whole number of the column. */
const LAST_QUARTER = 2_147_483_647;

/** True when this connection is, or now becomes, the only roller; it stays so until the connection ends. */
export async function electRoller(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ elected: boolean }>('select pg_try_advisory_lock($1) as elected', [
    ROLLER_LOCK,
  ]);
  return rows[0]?.elected === true;
}

/**
 * Takes dirty keys out of the log: the rows this statement sees are gone when the transaction commits, and rows that
 * ingest commits later stay for the next round. Read after this, segments of the taken rows are all visible.
 * @param before only quarters before this one; null: all
 */
export async function takeDirty(
  client: PoolClient,
  limit: number,
  before: number | null,
): Promise<DirtyKey[]> {
  const { rows } = await client.query<{ application: number; quarter: number }>(
    `with taken as (
       delete from dirty_log where ctid = any(array(select ctid from dirty_log where q < $2 limit $1))
         returning application_id, q
     )
     select distinct application_id as application, q as quarter from taken`,
    [limit, before ?? LAST_QUARTER],
  );
  return rows;
}

export async function accountsOf(
  client: PoolClient,
  applications: readonly number[],
): Promise<Map<number, number>> {
  const { rows } = await client.query<{ id: number; account_id: number }>(
    'select id, account_id from application where id = any($1)',
    [applications],
  );
  return new Map(rows.map((row) => [row.id, row.account_id]));
}

/**
 * All segments that overlap the runs, one buffer a run. The 8 h window before a run is read through a partial index of
 * long segments only; short ones cannot reach in from further than a quarter (ingest.md §14).
 */
export async function fetchUse(client: PoolClient, runs: readonly Run[]): Promise<UseBuffer[]> {
  const buffers = runs.map(() => new UseBuffer());
  // Over many runs the planner would take bitmap scans of the whole window, 20 to 50 times slower (measured).
  await client.query('set local enable_bitmapscan = off; set local enable_seqscan = off');
  const stream = client.query(copyTo(fetchSql(runs)));
  await readCopyRows(stream, (row) => {
    const session = { agent: row.int4(1), session: row.int8(2) };
    const span = { started: row.instant(3), ended: row.instant(4), state: row.int2(5) };
    buffers[row.int4(0)]?.push(session, span, (row.int2(6) & SESSION_START) !== 0);
  });
  return buffers;
}

function fetchSql(runs: readonly Run[]): string {
  // Integers and instants of our own making only: COPY takes no parameters.
  const values = runs.map(
    (run, i) =>
      `(${i}, ${run.application}, ${timestamp(quarterStart(run.first))}, ${timestamp(quarterStart(run.last + 1))})`,
  );
  const columns = 'g.agent_id, g.session_id, g.started, g.ended, g.state, g.flags';
  return `copy (select r.i, ${columns}
    from (values ${values.join(', ')}) r(i, app, lo, hi), lateral (
      select agent_id, session_id, started, ended, state, flags from segment
        where application_id = r.app and started > r.lo - interval '15 minutes' and started < r.hi and ended > r.lo
      union all
      select agent_id, session_id, started, ended, state, flags from segment
        where application_id = r.app and started > r.lo - interval '8 hours 1 second'
          and started <= r.lo - interval '15 minutes' and ended > r.lo and ended - started > interval '15 minutes'
    ) g) to stdout (format binary)`;
}

const timestamp = (ms: number): string => `timestamptz '${new Date(ms).toISOString()}'`;

/** A run, and its quarters with use as they are now. */
export interface RolledRun {
  run: Run;
  uses: readonly QuarterUse[];
}

/** Replaces the roll-up of runs: quarters with use are written, the others of the runs are removed. */
export async function replaceQuarters(client: PoolClient, rolled: readonly RolledRun[]): Promise<void> {
  await removeQuarters(client, rolled.flatMap(emptyKeys));
  const uses = rolled.flatMap(({ run, uses: own }) => own.map((use) => ({ run, use })));
  if (uses.length === 0) return;
  await client.query(UPSERT, [
    uses.map(({ run }) => run.account),
    uses.map(({ run }) => run.application),
    uses.map(({ use }) => new Date(quarterStart(use.quarter))),
    ...columnsOf(uses.map(({ use }) => use)),
  ]);
}

interface QuarterKey {
  account: number;
  application: number;
  quarter: number;
}

function emptyKeys({ run, uses }: RolledRun): QuarterKey[] {
  const used = new Set(uses.map(({ quarter }) => quarter));
  const { account, application } = run;
  return Array.from({ length: run.last - run.first + 1 }, (_, i) => run.first + i)
    .filter((quarter) => !used.has(quarter))
    .map((quarter) => ({ account, application, quarter }));
}

async function removeQuarters(client: PoolClient, keys: readonly QuarterKey[]): Promise<void> {
  if (keys.length === 0) return;
  await client.query(
    `delete from rollup_quarter r using unnest($1::int4[], $2::int4[], $3::timestamptz[]) k(account_id, application_id, q)
     where r.account_id = k.account_id and r.application_id = k.application_id and r.q = k.q`,
    [
      keys.map(({ account }) => account),
      keys.map(({ application }) => application),
      keys.map(({ quarter }) => new Date(quarterStart(quarter))),
    ],
  );
}

function columnsOf(uses: readonly QuarterUse[]): unknown[] {
  return [
    uses.map((use) => use.msActive),
    uses.map((use) => use.msInactive),
    uses.map((use) => use.msTimeout),
    uses.map((use) => use.peakOpen),
    uses.map((use) => use.peakActive),
    uses.map((use) => use.peakInactive),
    uses.map((use) => use.peakTimeout),
    uses.map((use) => use.sessions),
    uses.map((use) => use.starts),
    Buffer.concat(uses.map((use) => use.minutes)),
    uses.map((use) => new Date(use.peakAt)),
    uses.map((use) => use.peakMs),
    Buffer.concat(uses.map((use) => use.minuteMs)),
  ];
}

/** The bytes of row `i` in those of all rows: sent in one piece they are not written as text. */
const piece = (parameter: string, bytes: number): string =>
  `substring(${parameter}::bytea from ((i - 1) * ${bytes})::int + 1 for ${bytes})`;

const UPSERT = `
  insert into rollup_quarter (account_id, application_id, q, ms_active, ms_inactive, ms_timeout,
    peak_open, peak_active, peak_inactive, peak_timeout, sessions, starts, minutes, peak_at, peak_ms,
    minute_ms)
  select account, application, quarter, active, inactive, timeout, peak_open, peak_active, peak_inactive, peak_timeout,
    sessions, starts, ${piece('$13', MINUTES_BYTES)}, peak_at, peak_ms, ${piece('$16', MINUTE_TIMES_BYTES)}
  from unnest($1::int4[], $2::int4[], $3::timestamptz[], $4::int8[], $5::int8[], $6::int8[], $7::int4[], $8::int4[],
    $9::int4[], $10::int4[], $11::int4[], $12::int4[], $14::timestamptz[], $15::int4[]) with ordinality u(account,
    application, quarter, active, inactive, timeout, peak_open, peak_active, peak_inactive, peak_timeout, sessions,
    starts, peak_at, peak_ms, i)
  on conflict (account_id, application_id, q) do update set
    ms_active = excluded.ms_active, ms_inactive = excluded.ms_inactive, ms_timeout = excluded.ms_timeout,
    peak_open = excluded.peak_open, peak_active = excluded.peak_active, peak_inactive = excluded.peak_inactive,
    peak_timeout = excluded.peak_timeout, sessions = excluded.sessions, starts = excluded.starts,
    minutes = excluded.minutes, peak_at = excluded.peak_at, peak_ms = excluded.peak_ms,
    minute_ms = excluded.minute_ms`;

/** Whether at least so many rows of the log wait, of quarters before one (null: of all): looks at no more of them. */
export async function hasDirty(client: PoolClient, rows: number, before: number | null): Promise<boolean> {
  const { rowCount } = await client.query('select from dirty_log where q < $2 offset $1 limit 1', [
    rows - 1,
    before ?? LAST_QUARTER,
  ]);
  return rowCount === 1;
}

export async function dirtyCount(pool: Pool): Promise<number> {
  const { rows } = await pool.query<{ n: string }>('select count(*) as n from dirty_log');
  return Number(rows[0]?.n ?? 0);
}

export const RUN_MAX_QUARTERS = (48 * 3_600_000) / QUARTER_MS;

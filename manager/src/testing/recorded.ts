import type { Pool } from 'pg';
import { quarterOf, rollOnce } from '../rollup/index.ts';

/** A stretch of one document; `open` when it is live state and no record yet. */
export interface RecordedSpan {
  session: number;
  document: number;
  started: number;
  ended: number;
  state: number;
  open: boolean;
}

export interface RecordedUse {
  account: number;
  application: number;
  agent: number;
  spans: readonly RecordedSpan[];
  /** Last news of the agent: open spans reach to it. */
  asOf: number;
  user?: (session: number) => string;
}

const date = (ms: number): Date => new Date(ms);

/** Writes sessions, documents, segments, live state and dirty log as ingest does. */
export async function recordUse(pool: Pool, use: RecordedUse): Promise<void> {
  const { account, agent, application } = use;
  const bySession = Map.groupBy(use.spans, (span) => span.session);
  for (const [session, spans] of bySession) {
    const started = Math.min(...spans.map((span) => span.started));
    const ended = spans.some((span) => span.open) ? null : Math.max(...spans.map((span) => span.ended));
    await pool.query(
      `insert into session (account_id, agent_id, id, application_id, user_name, computer, desktop, executable, pid,
         started, ended, end_cause, revision) values ($1, $2, $3, $4, $5, 'ws-1', ':1', 'draw', 1, $6, $7, $8, 1)`,
      [
        account,
        agent,
        session,
        application,
        use.user?.(session) ?? 'ida',
        date(started),
        ended && date(ended),
        ended && 13,
      ],
    );
  }
  for (const [document, spans] of Map.groupBy(use.spans, (span) => span.document)) {
    const closed = spans.some((span) => span.open) ? null : Math.max(...spans.map((span) => span.ended));
    await pool.query(
      `insert into document (account_id, agent_id, session_id, id, name, path, source, confidence, opened, closed, close_cause)
       values ($1, $2, $3, $4, $5, '', 'file', 90, $6, $7, $8)`,
      [
        account,
        agent,
        spans[0]!.session,
        document,
        `plan-${document}.odg`,
        date(Math.min(...spans.map((span) => span.started))),
        closed && date(closed),
        closed && 13,
      ],
    );
  }
  await segments(pool, use);
  await live(pool, use);
}

async function segments(pool: Pool, { account, agent, application, spans }: RecordedUse): Promise<void> {
  const closed = spans.filter((span) => !span.open);
  await pool.query(
    `insert into segment (session_id, document_id, started, ended, epoch, seq, account_id, application_id, agent_id,
       state, cause, flags)
     select s, d, f, t, 1, row_number() over (), $1, $2, $3, st, 2, 0
     from unnest($4::bigint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[], $8::int[]) as u(s, d, f, t, st)`,
    [
      account,
      application,
      agent,
      closed.map((span) => span.session),
      closed.map((span) => span.document),
      closed.map((span) => date(span.started)),
      closed.map((span) => date(span.ended)),
      closed.map((span) => span.state),
    ],
  );
  const quarters = new Set<number>();
  for (const span of closed)
    for (let q = quarterOf(span.started); q <= quarterOf(span.ended - 1); q += 1) quarters.add(q);
  await pool.query('insert into dirty_log (application_id, q) select $1, unnest($2::int[])', [
    application,
    [...quarters],
  ]);
}

async function live(pool: Pool, { account, agent, application, spans, asOf }: RecordedUse): Promise<void> {
  await pool.query(
    `insert into open_snapshot (agent_id, account_id, epoch, rev, as_of, watched_from) values ($1, $2, 1, 1, $3, $3)
     on conflict (agent_id) do update set as_of = excluded.as_of, rev = open_snapshot.rev + 1`,
    [agent, account, date(asOf)],
  );
  for (const span of spans.filter(({ open }) => open)) {
    await pool.query(
      `insert into open_document (agent_id, document_id, session_id, account_id, application_id, state, cause, flags, since)
       values ($1, $2, $3, $4, $5, $6, 2, 0, $7)`,
      [agent, span.document, span.session, account, application, span.state, date(span.started)],
    );
  }
}

/** A stretch that an agent watched; `cause` says how it ended. */
export interface RecordedCoverage {
  agent: number;
  from: number;
  to: number;
  cause: number;
}

/** Writes coverage as ingest does. */
export async function recordCoverage(
  pool: Pool,
  account: number,
  pieces: readonly RecordedCoverage[],
): Promise<void> {
  await pool.query(
    `insert into coverage select $1, * from unnest($2::int[], $3::timestamptz[], $4::timestamptz[], $5::int2[])`,
    [
      account,
      pieces.map(({ agent }) => agent),
      pieces.map(({ from }) => date(from)),
      pieces.map(({ to }) => date(to)),
      pieces.map(({ cause }) => cause),
    ],
  );
}

/** Rolls up everything that is dirty. */
export async function rollAll(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    while ((await rollOnce(client, 20_000)) > 0);
  } finally {
    client.release();
  }
}

export async function addAgent(pool: Pool, account: number, id: string, computer = 'ws-1'): Promise<number> {
  const { rows } = await pool.query<{ id: number }>(
    `insert into agent (external_id, account_id, public_key, computer, machine, user_name, desktop, platform, version)
     values ($1, $2, 'U' || $1, $3, 'm', 'ida', ':1', 'linux', '1') returning id`,
    [id, account, computer],
  );
  return rows[0]!.id;
}

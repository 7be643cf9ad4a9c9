import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { forgetTimes } from '../session-times/index.ts';
import { writeDeadLetters } from './dead-letter-store.ts';
import { hexToInt8, type Flush, type Owned, type SeenChange } from './flush.ts';
import { writeLosses } from './gap-store.ts';
import { fromMultirange, toMultirange, type Range } from './seen-ranges.ts';
import { SEGMENT_COLUMNS } from './segment-rows.ts';

/** A pool, or one connection of it in its transaction. */
export interface Queryable {
  query<Row extends QueryResultRow>(sql: string, values: unknown[]): Promise<QueryResult<Row>>;
}

export interface KnownAgent {
  id: number;
  account: number;
  accountName: string;
  name: string;
  revoked: boolean;
}

export async function agentsByName(pool: Queryable, names: readonly string[]): Promise<KnownAgent[]> {
  const { rows } = await pool.query<KnownAgent>(
    `select a.id, a.account_id as account, c.slug as "accountName", a.external_id as name,
       a.revoked_at is not null as revoked
     from agent a join account c on c.id = a.account_id where a.external_id = any($1)`,
    [names],
  );
  return rows;
}

/** External names of agents that were revoked since an instant. */
export async function revokedSince(pool: Queryable, since: Date): Promise<string[]> {
  const { rows } = await pool.query<{ name: string }>(
    'select external_id as name from agent where revoked_at >= $1',
    [since],
  );
  return rows.map(({ name }) => name);
}

/** Every application the account ever had: a deleted one may still be named by records that were on the way. */
export async function applicationsOf(pool: Queryable, account: number): Promise<Set<number>> {
  const { rows } = await pool.query<{ id: number }>('select id from application where account_id = $1', [
    account,
  ]);
  return new Set(rows.map((row) => row.id));
}

/** What counts as there: all that was seen, or (for a replay) only what lies in rows. */
export type Counted = 'seen' | 'seen - parked';

/** Ranges of the given (agent, epoch) pairs, by the key `agent/epoch`. */
export async function loadRanges(
  pool: Queryable,
  keys: readonly { agent: number; epoch: number }[],
  counted: Counted = 'seen',
): Promise<Map<string, Range[]>> {
  const { rows } = await pool.query<{ agent_id: number; epoch: string; seen: string }>(
    `select agent_id, epoch, (${counted})::text as seen from agent_range
     join unnest($1::int4[], $2::int8[]) as k(a, e) on agent_id = k.a and epoch = k.e`,
    [keys.map((key) => key.agent), keys.map((key) => key.epoch)],
  );
  return new Map(rows.map((row) => [`${row.agent_id}/${row.epoch}`, fromMultirange(row.seen)]));
}

/** The rows of a flush. May run beside another flush; nothing of it shows before the commit. */
export async function copySegments(client: PoolClient, flush: Flush): Promise<void> {
  if (flush.segments.count === 0) return;
  const target = client.query(copyFrom(`copy segment (${SEGMENT_COLUMNS}) from stdin (format binary)`));
  await pipeline(Readable.from(flush.segments.bytes()), target);
}

export class FencedError extends Error {}

/**
 * The fence: raises the ranges seen, and fails when one of them is seen already. Then another process, or an earlier life
 * of this one, has committed the same records, and this transaction must not.
 */
export async function raiseFence(client: PoolClient, flush: Flush): Promise<void> {
  const changes = [...flush.seen.values()]
    .filter((change) => change.fresh.length > 0)
    // One order for all processes, so that two of them never wait for each other.
    .toSorted((a, b) => a.sender.agent - b.sender.agent || a.epoch - b.epoch);
  if (changes.length === 0) return;
  const { rowCount } = await client.query(
    `insert into agent_range (agent_id, epoch, seen, parked)
     select * from unnest($1::int4[], $2::int8[], $3::int8multirange[], $4::int8multirange[])
     on conflict (agent_id, epoch) do update set seen = agent_range.seen + excluded.seen,
       parked = agent_range.parked + excluded.parked
       where not agent_range.seen && excluded.seen`,
    fenceColumns(changes),
  );
  if (rowCount !== changes.length) throw new FencedError('records of this flush are committed already');
}

function fenceColumns(changes: readonly SeenChange[]): unknown[] {
  return [
    changes.map((change) => change.sender.agent),
    changes.map((change) => change.epoch),
    changes.map((change) => toMultirange(change.fresh)),
    changes.map((change) => toMultirange(change.parked)),
  ];
}

/**
 * The fence of a replay: what lies in dead letters counts as new, once. Also what no process has seen at all.
 * @throws FencedError when one of the records is committed already
 */
export async function raiseReplayFence(client: PoolClient, flush: Flush): Promise<void> {
  const changes = [...flush.seen.values()].filter((change) => change.fresh.length > 0);
  if (changes.length === 0) return;
  const { rowCount } = await client.query(
    `insert into agent_range (agent_id, epoch, seen) select * from unnest($1::int4[], $2::int8[], $3::int8multirange[])
     on conflict (agent_id, epoch) do update set seen = agent_range.seen + excluded.seen,
       parked = agent_range.parked - excluded.seen
       where not (agent_range.seen - agent_range.parked) && excluded.seen`,
    fenceColumns(changes).slice(0, 3),
  );
  if (rowCount !== changes.length) throw new FencedError('records of this dead letter are committed already');
}

/** Everything of a flush but the segments and the fence. */
export async function writeRest(client: PoolClient, flush: Flush): Promise<void> {
  const { applications, quarters } = flush.dirty();
  if (applications.length > 0) {
    await client.query('insert into dirty_log select * from unnest($1::int4[], $2::int4[])', [
      applications,
      quarters,
    ]);
  }
  await forgetTimes(client, flush.touchedSessions());
  await writeSessions(client, flush);
  await writeDocuments(client, flush);
  await writeCoverage(client, flush);
  await writeLosses(client, flush.losses);
  await writeSnapshots(client, flush);
  await writeDeadLetters(client, flush.deadLetters);
}

const instant = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
const column = <T, V>(rows: readonly Owned<T>[], value: (record: T) => V): V[] =>
  rows.map(({ record }) => value(record));
const owners = (rows: readonly Owned<unknown>[]): [number[], number[]] => [
  rows.map(({ sender }) => sender.account),
  rows.map(({ sender }) => sender.agent),
];

async function writeSessions(client: PoolClient, flush: Flush): Promise<void> {
  const rows = [...flush.sessions.values()].toSorted(
    (a, b) => a.sender.agent - b.sender.agent || a.record.session.localeCompare(b.record.session),
  );
  if (rows.length === 0) return;
  await client.query(
    `insert into session (account_id, agent_id, id, application_id, user_name, computer, desktop, executable, pid,
       started, ended, end_cause, revision)
     select * from unnest($1::int4[], $2::int4[], $3::int8[], $4::int4[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::int4[], $10::timestamptz[], $11::timestamptz[], $12::int2[], $13::int4[])
     on conflict (agent_id, id) do update set ended = coalesce(excluded.ended, session.ended),
       end_cause = coalesce(excluded.end_cause, session.end_cause)`,
    [
      ...owners(rows),
      column(rows, (record) => hexToInt8(record.session)),
      column(rows, (record) => record.application),
      column(rows, (record) => record.user),
      column(rows, (record) => record.computer),
      column(rows, (record) => record.desktop),
      column(rows, (record) => record.executable),
      column(rows, (record) => record.pid),
      column(rows, (record) => instant(record.started)),
      column(rows, (record) => instant(record.ended)),
      column(rows, (record) => record.endCause),
      column(rows, (record) => record.revision),
    ],
  );
}

async function writeDocuments(client: PoolClient, flush: Flush): Promise<void> {
  const rows = [...flush.documents.values()].toSorted(
    (a, b) => a.sender.agent - b.sender.agent || a.record.document.localeCompare(b.record.document),
  );
  if (rows.length === 0) return;
  await client.query(
    `insert into document (account_id, agent_id, session_id, id, name, path, source, confidence, opened, closed,
       close_cause)
     select * from unnest($1::int4[], $2::int4[], $3::int8[], $4::int8[], $5::text[], $6::text[], $7::text[], $8::int2[],
       $9::timestamptz[], $10::timestamptz[], $11::int2[])
     on conflict (agent_id, id) do update set closed = coalesce(excluded.closed, document.closed),
       close_cause = coalesce(excluded.close_cause, document.close_cause)`,
    [
      ...owners(rows),
      column(rows, (record) => hexToInt8(record.session)),
      column(rows, (record) => hexToInt8(record.document)),
      column(rows, (record) => record.name),
      column(rows, (record) => record.path),
      column(rows, (record) => record.source),
      column(rows, (record) => record.confidence),
      column(rows, (record) => instant(record.opened)),
      column(rows, (record) => instant(record.closed)),
      column(rows, (record) => record.closeCause),
    ],
  );
}

async function writeCoverage(client: PoolClient, flush: Flush): Promise<void> {
  if (flush.coverage.length > 0) {
    await client.query(
      `insert into coverage (account_id, agent_id, from_at, to_at, cause)
       select * from unnest($1::int4[], $2::int4[], $3::timestamptz[], $4::timestamptz[], $5::int2[])`,
      [
        ...owners(flush.coverage),
        column(flush.coverage, (record) => instant(record.from)),
        column(flush.coverage, (record) => instant(record.to)),
        column(flush.coverage, (record) => record.cause),
      ],
    );
  }
  for (const { sender, record } of flush.capabilities) {
    await client.query(
      `insert into capability (account_id, agent_id, at, input, "window", documents, desktop, reason)
       values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (agent_id, at) do nothing`,
      [
        sender.account,
        sender.agent,
        instant(record.at),
        record.input,
        record.window,
        record.documents,
        record.desktop,
        record.reason,
      ],
    );
  }
}

/** Newest (epoch, rev) wins: an older snapshot, delivered again or late, changes nothing. */
async function writeSnapshots(client: PoolClient, flush: Flush): Promise<void> {
  const rows = [...flush.snapshots.values()].toSorted((a, b) => a.sender.agent - b.sender.agent);
  if (rows.length === 0) return;
  const { rows: won } = await client.query<{ agent_id: number }>(
    `insert into open_snapshot (agent_id, account_id, epoch, rev, as_of, watched_from)
     select * from unnest($1::int4[], $2::int4[], $3::int8[], $4::int8[], $5::timestamptz[], $6::timestamptz[])
     on conflict (agent_id) do update set epoch = excluded.epoch, rev = excluded.rev, as_of = excluded.as_of,
       watched_from = excluded.watched_from
       where (open_snapshot.epoch, open_snapshot.rev) < (excluded.epoch, excluded.rev)
     returning agent_id`,
    [
      rows.map(({ sender }) => sender.agent),
      rows.map(({ sender }) => sender.account),
      rows.map(({ epoch }) => epoch),
      rows.map(({ open }) => open.rev),
      rows.map(({ open }) => instant(open.asOf)),
      rows.map(({ open }) => instant(open.watchedFrom)),
    ],
  );
  const winners = new Set(won.map((row) => row.agent_id));
  await client.query('delete from open_document where agent_id = any($1)', [[...winners]]);
  const open = rows
    .filter(({ sender }) => winners.has(sender.agent))
    .flatMap(({ sender, open: snapshot }) => snapshot.documents.map((record) => ({ sender, record })));
  if (open.length === 0) return;
  await client.query(
    `insert into open_document (account_id, agent_id, document_id, session_id, application_id, state, cause, flags, since,
       held_state, held_cause, held_flags, held_since)
     select * from unnest($1::int4[], $2::int4[], $3::int8[], $4::int8[], $5::int4[], $6::int2[], $7::int2[], $8::int2[],
       $9::timestamptz[],
       $10::int2[], $11::int2[], $12::int2[], $13::timestamptz[]) on conflict (agent_id, document_id) do nothing`,
    [
      ...owners(open),
      column(open, (record) => hexToInt8(record.document)),
      column(open, (record) => hexToInt8(record.session)),
      column(open, (record) => record.application),
      column(open, (record) => record.state),
      column(open, (record) => record.cause),
      column(open, (record) => record.flags),
      column(open, (record) => instant(record.since)),
      column(open, (record) => record.held?.state ?? null),
      column(open, (record) => record.held?.cause ?? null),
      column(open, (record) => record.held?.flags ?? null),
      column(open, (record) => instant(record.held?.since ?? null)),
    ],
  );
}

import {
  errorCode,
  HEADER,
  sampleOfBatch,
  type DeadLetterDetail,
  type DeadLetterGroup,
  type DeadLetterList,
} from '@process-meter/contract';
import { sql } from 'kysely';
import type { PoolClient } from 'pg';
import type { Db } from '../db/index.ts';
import type { StoredMessage } from '../ingest/index.ts';

const SHOWN = 200;
const FORGED = errorCode('recordForged');

/** Refused batches of an account that wait, the newest first, and their groups; the totals count all. */
export async function listDeadLetters(db: Db, account: number): Promise<DeadLetterList> {
  const [letters, groups, totals, dropped] = await Promise.all([
    newest(db, account),
    groupsOf(db, account),
    totalsOf(db, account),
    droppedOf(db, account),
  ]);
  return { letters, groups, ...totals, dropped };
}

async function newest(db: Db, account: number): Promise<DeadLetterList['letters']> {
  const rows = await db
    .selectFrom('dead_letter')
    .leftJoin('agent', 'agent.id', 'dead_letter.agent_id')
    .select(['dead_letter.id', 'received_at', 'external_id', 'code', 'reason'])
    .select(sql<number>`octet_length(body)`.as('bytes'))
    .where('dead_letter.account_id', '=', account)
    .where('replayed_at', 'is', null)
    .orderBy('received_at', 'desc')
    .limit(SHOWN)
    .execute();
  return rows.map((row) => ({
    id: row.id,
    receivedAt: row.received_at.getTime(),
    agent: row.external_id,
    code: row.code,
    reason: row.reason,
    bytes: row.bytes,
  }));
}

async function groupsOf(db: Db, account: number): Promise<DeadLetterGroup[]> {
  const rows = await db
    .selectFrom('dead_letter')
    .leftJoin('agent', 'agent.id', 'dead_letter.agent_id')
    .select(['code', 'reason', 'external_id', 'computer'])
    .select(({ fn }) => [
      fn.countAll<string>().as('count'),
      fn.min('received_at').as('first'),
      fn.max('received_at').as('last'),
      fn.max('dead_letter.id').as('newest'),
    ])
    .select(sql<string>`sum(octet_length(body))`.as('bytes'))
    .where('dead_letter.account_id', '=', account)
    .where('replayed_at', 'is', null)
    .groupBy(['code', 'reason', 'external_id', 'computer'])
    .orderBy('count', 'desc')
    .orderBy('last', 'desc')
    .limit(SHOWN)
    .execute();
  return rows.map((row) => ({
    code: row.code,
    reason: row.reason,
    agent: row.external_id,
    computer: row.computer,
    count: Number(row.count),
    bytes: Number(row.bytes),
    firstAt: row.first.getTime(),
    lastAt: row.last.getTime(),
    newest: row.newest,
  }));
}

async function totalsOf(db: Db, account: number): Promise<{ total: number; replayed: number }> {
  const { waiting, replayed } = await db
    .selectFrom('dead_letter')
    .select(sql<string>`count(*) filter (where replayed_at is null)`.as('waiting'))
    .select(sql<string>`count(*) filter (where replayed_at is not null)`.as('replayed'))
    .where('account_id', '=', account)
    .executeTakeFirstOrThrow();
  return { total: Number(waiting), replayed: Number(replayed) };
}

async function droppedOf(db: Db, account: number): Promise<DeadLetterList['dropped']> {
  const { letters, last } = await db
    .selectFrom('dead_letter_dropped')
    .select(sql<string>`coalesce(sum(letters), 0)`.as('letters'))
    .select(sql<Date | null>`max(last_at)`.as('last'))
    .where('account_id', '=', account)
    .executeTakeFirstOrThrow();
  return { count: Number(letters), lastAt: last?.getTime() ?? null };
}

/** One letter with a sample that is safe to show. What is forged is never opened. */
export async function readDeadLetter(
  db: Db,
  account: number,
  id: string,
): Promise<DeadLetterDetail | undefined> {
  const row = await db
    .selectFrom('dead_letter')
    .leftJoin('agent', 'agent.id', 'dead_letter.agent_id')
    .select(['dead_letter.id', 'received_at', 'external_id', 'computer', 'code', 'reason', 'headers', 'body'])
    .select(['attempts', 'replayed_at'])
    .where('dead_letter.account_id', '=', account)
    .where('dead_letter.id', '=', id)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const headers = textsOf(row.headers);
  const encoding = headers[HEADER.encoding];
  const forged = row.code === FORGED;
  return {
    id: row.id,
    receivedAt: row.received_at.getTime(),
    agent: row.external_id,
    computer: row.computer,
    code: row.code,
    reason: row.reason,
    bytes: row.body.byteLength,
    epoch: numberOf(headers[HEADER.epoch]),
    seq: numberOf(headers[HEADER.seq]),
    encoding: encoding === 'zstd' || encoding === 'identity' ? encoding : '',
    sample: forged ? '' : sampleOfBatch(row.body, encoding),
    attempts: row.attempts,
    replayedAt: row.replayed_at?.getTime() ?? null,
  };
}

function numberOf(text: string | undefined): number | null {
  const value = Number(text ?? '');
  return Number.isSafeInteger(value) && value > 0 ? value : null;
}

function textsOf(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

export interface Waiting {
  code: string;
  agent?: string | null | undefined;
}

/** Ids of the letters of one kind that wait, in the order they came, and how many more there are. */
export async function waitingLetters(
  db: Db,
  account: number,
  { code, agent }: Waiting,
  limit: number,
): Promise<{ ids: string[]; more: number }> {
  const wanted = db
    .selectFrom('dead_letter')
    .leftJoin('agent', 'agent.id', 'dead_letter.agent_id')
    .where('dead_letter.account_id', '=', account)
    .where('code', '=', code)
    .where('replayed_at', 'is', null)
    .$if(agent !== undefined, (query) => query.where('external_id', 'is not distinct from', agent ?? null));
  const rows = await wanted.select('dead_letter.id').orderBy('dead_letter.id').limit(limit).execute();
  const { all } = await wanted.select(({ fn }) => fn.countAll<string>().as('all')).executeTakeFirstOrThrow();
  return { ids: rows.map((row) => row.id), more: Number(all) - rows.length };
}

interface LetterRow {
  subject: string;
  stream_seq: string | null;
  stream_at: Date | null;
  headers: unknown;
  body: Buffer;
  replayed_at: Date | null;
}

export interface LockedLetter {
  message: StoredMessage;
  replayed: boolean;
}

/** A letter, locked until the transaction ends: two replays of it are one after the other. */
export async function lockLetter(
  client: PoolClient,
  account: number,
  id: string,
): Promise<LockedLetter | undefined> {
  const { rows } = await client.query<LetterRow>(
    `select subject, stream_seq, stream_at, headers, body, replayed_at from dead_letter
     where account_id = $1 and id = $2 for update`,
    [account, id],
  );
  const [row] = rows;
  if (row === undefined) return undefined;
  const message = {
    subject: row.subject,
    streamSeq: Number(row.stream_seq ?? 0),
    streamAt: row.stream_at ?? new Date(0),
    headers: textsOf(row.headers),
    body: row.body,
  };
  return { message, replayed: row.replayed_at !== null };
}

export async function markReplayed(client: PoolClient, id: string, now: Date): Promise<void> {
  await client.query(
    'update dead_letter set replayed_at = $2, tried_at = $2, attempts = attempts + 1 where id = $1',
    [id, now],
  );
}

export async function markRefused(
  client: PoolClient,
  id: string,
  refusal: { code: string; reason: string; now: Date },
): Promise<void> {
  await client.query(
    'update dead_letter set code = $2, reason = $3, tried_at = $4, attempts = attempts + 1 where id = $1',
    [id, refusal.code, refusal.reason, refusal.now],
  );
}

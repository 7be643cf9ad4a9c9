import type { ErrorCode } from '@process-meter/contract';
import type { Pool, PoolClient } from 'pg';
import { holdOffClosing, reopenAgents } from '../closing/index.ts';
import { createAcceptor } from './accept.ts';
import { buildFlush } from './build.ts';
import { DATABASE_REFUSES, isDataRefused } from './data-refused.ts';
import { Directory } from './directory.ts';
import type { Flush } from './flush.ts';
import { createPartitions } from './partition-store.ts';
import { copySegments, FencedError, raiseReplayFence, writeRest } from './store.ts';

/** A refused message as it was kept. */
export interface StoredMessage {
  subject: string;
  streamSeq: number;
  streamAt: Date;
  headers: Record<string, string>;
  body: Uint8Array;
}

export type Replayed =
  { ok: true; records: number; duplicates: number } | { ok: false; code: ErrorCode; reason: string };

/** Another process committed some of the records in between, again and again. */
const ATTEMPTS = 5;

export type Replay = (client: PoolClient, message: StoredMessage) => Promise<Replayed>;

/**
 * Runs kept messages through what every message goes through: MAC, decoding, validation, fence. Works inside the
 * transaction of `client`; what is refused leaves nothing in it.
 */
export function createReplay(deps: {
  pool: Pool;
  masters: ReadonlyMap<string, Uint8Array>;
  clock: () => number;
}): Replay {
  const accept = createAcceptor(deps.masters);
  const partitions = createPartitions(deps.pool);
  return async (client, message) => {
    for (let attempt = 1; ; attempt += 1) {
      const now = deps.clock();
      const { subject, body, headers } = message;
      const incoming = { subject, body, header: (name: string) => headers[name] };
      const judged = { ...message, message: incoming, accepted: accept(incoming, now) };
      const flush = await buildFlush([judged], new Directory(client, 'seen - parked'), now);
      const [letter] = flush.deadLetters;
      if (letter !== undefined) return { ok: false, code: letter.code, reason: letter.reason };
      if (flush.segments.count > 0) await partitions(flush.earliest, flush.latest, now);
      const done = await write(client, flush);
      if (done !== 'fenced') return done;
      if (attempt === ATTEMPTS) throw new FencedError('the records of a dead letter change too often');
    }
  };
}

async function write(client: PoolClient, flush: Flush): Promise<Replayed | 'fenced'> {
  await client.query('savepoint replay');
  try {
    await copySegments(client, flush);
    await holdOffClosing(client);
    await raiseReplayFence(client, flush);
    await reopenAgents(client, flush.news());
    await writeRest(client, flush);
    await client.query('release savepoint replay');
  } catch (error) {
    await client.query('rollback to savepoint replay');
    if (error instanceof FencedError) return 'fenced';
    if (isDataRefused(error)) return { ok: false, ...DATABASE_REFUSES };
    throw error;
  }
  return { ok: true, records: freshOf(flush), duplicates: flush.duplicates };
}

function freshOf(flush: Flush): number {
  let records = 0;
  for (const { fresh } of flush.seen.values()) {
    for (const [first, last] of fresh) records += last - first + 1;
  }
  return records;
}

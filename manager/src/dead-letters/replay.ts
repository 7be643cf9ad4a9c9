import { AppError, type DeadLetterReplay } from '@process-meter/contract';
import type { Pool } from 'pg';
import type { Db } from '../db/index.ts';
import type { Replay } from '../ingest/index.ts';
import { lockLetter, markRefused, markReplayed, waitingLetters, type Waiting } from './store.ts';

/** Letters tried in one request: it ends within seconds, and tells how many are left. */
const TRIED_AT_ONCE = 500;

export interface ReplayDeps {
  db: Db;
  pool: Pool;
  replay: Replay;
  clock: () => number;
  /** Counts a letter that was tried: `replayed`, or the code it is refused with. */
  tried: (outcome: string) => void;
}

/**
 * Replays one letter. @throws AppError PM-4004 unknown, PM-4009 replayed already
 */
export async function replayOne(deps: ReplayDeps, account: number, id: string): Promise<DeadLetterReplay> {
  const result = nothingDone();
  const outcome = await tryLetter(deps, { account, id, result });
  if (outcome === 'unknown') throw new AppError('notFound', 'There is no such dead letter.');
  if (outcome === 'replayed before') throw new AppError('conflict', 'It was replayed already.');
  return result;
}

/** Replays the letters of one kind in the order they came. A letter that somebody else replays meanwhile is left out. */
export async function replayKind(
  deps: ReplayDeps,
  account: number,
  kind: Waiting,
): Promise<DeadLetterReplay> {
  const { ids, more } = await waitingLetters(deps.db, account, kind, TRIED_AT_ONCE);
  const result = { ...nothingDone(), left: more };
  for (const id of ids) await tryLetter(deps, { account, id, result });
  return result;
}

const nothingDone = (): DeadLetterReplay => ({
  replayed: 0,
  refused: 0,
  records: 0,
  duplicates: 0,
  left: 0,
  refusal: null,
});

/** One transaction: the records, and that the letter is done, are committed together or not at all. */
async function tryLetter(
  { pool, replay, clock, tried }: ReplayDeps,
  { account, id, result }: { account: number; id: string; result: DeadLetterReplay },
): Promise<'tried' | 'unknown' | 'replayed before'> {
  const client = await pool.connect();
  let broken = true;
  try {
    await client.query('begin');
    const letter = await lockLetter(client, account, id);
    if (letter !== undefined && !letter.replayed) {
      const outcome = await replay(client, letter.message);
      const now = new Date(clock());
      if (outcome.ok) await markReplayed(client, id, now);
      else await markRefused(client, id, { code: outcome.code, reason: outcome.reason, now });
      await client.query('commit');
      tried(outcome.ok ? 'replayed' : outcome.code);
      count(result, outcome);
    } else {
      await client.query('rollback');
    }
    broken = false;
    if (letter === undefined) return 'unknown';
    return letter.replayed ? 'replayed before' : 'tried';
  } finally {
    client.release(broken);
  }
}

function count(result: DeadLetterReplay, outcome: Awaited<ReturnType<Replay>>): void {
  if (outcome.ok) {
    result.replayed += 1;
    result.records += outcome.records;
    result.duplicates += outcome.duplicates;
  } else {
    result.refused += 1;
    result.refusal = { code: outcome.code, reason: outcome.reason };
  }
}

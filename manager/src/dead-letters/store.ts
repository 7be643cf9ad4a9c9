import type { DeadLetterList } from '@process-meter/contract';
import { sql } from 'kysely';
import type { Db } from '../db/index.ts';

const SHOWN = 200;

/** Refused batches of an account, the newest first; `total` counts all. */
export async function listDeadLetters(db: Db, account: number): Promise<DeadLetterList> {
  const rows = await db
    .selectFrom('dead_letter')
    .leftJoin('agent', 'agent.id', 'dead_letter.agent_id')
    .select(['dead_letter.id', 'received_at', 'external_id', 'code', 'reason'])
    .select(sql<number>`octet_length(body)`.as('bytes'))
    .where('dead_letter.account_id', '=', account)
    .orderBy('received_at', 'desc')
    .limit(SHOWN)
    .execute();
  const { total } = await db
    .selectFrom('dead_letter')
    .select((count) => count.fn.countAll<string>().as('total'))
    .where('account_id', '=', account)
    .executeTakeFirstOrThrow();
  return {
    total: Number(total),
    letters: rows.map((row) => ({
      id: row.id,
      receivedAt: row.received_at.getTime(),
      agent: row.external_id,
      code: row.code,
      reason: row.reason,
      bytes: row.bytes,
    })),
  };
}

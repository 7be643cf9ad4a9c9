import { BATCH_MAX_RECORDS, HEADER } from '@process-meter/contract';
import type { PoolClient } from 'pg';
import type { Judged } from './build.ts';
import type { Sender } from './flush.ts';
import { toMultirange, type Range } from './seen-ranges.ts';

/** Records that are lost, as the agent tells it or as ingest finds it. */
export interface Loss {
  sender: Sender;
  epoch: number;
  from: number;
  to: number;
  /** How many; -1 when unknown. */
  lost: number;
  reason: string;
  /** The sequences among which the lost ones are; null when they had none. Those that are seen are not lost. */
  seqs: Range | null;
}

/**
 * A batch of an agent's own that cannot be used. Where it ends is not known: it is taken for as long as a batch may be,
 * and what comes of it in another batch is seen and no longer missing.
 */
export function lossOfBatch(judged: Judged, sender: Sender): Loss[] {
  const [epoch, first] = [HEADER.epoch, HEADER.seq].map((name) => Number(judged.message.header(name)));
  if (!isPositive(epoch) || !isPositive(first)) return [];
  const at = judged.streamAt.getTime();
  const seqs: Range = [first, first + BATCH_MAX_RECORDS - 1];
  return [{ sender, epoch, from: at, to: at, lost: -1, reason: 'refused', seqs }];
}

const isPositive = (value: number | undefined): value is number =>
  value !== undefined && Number.isSafeInteger(value) && value > 0 && value < Number.MAX_SAFE_INTEGER / 2;

/** Writes losses and makes their sequences known as missing. The same unusable batch, sent again, is the same loss. */
export async function writeLosses(client: PoolClient, losses: readonly Loss[]): Promise<void> {
  const ordered = losses.toSorted((a, b) => a.sender.agent - b.sender.agent || a.epoch - b.epoch);
  for (const { sender, epoch, from, to, lost, reason, seqs } of ordered) {
    const missing = seqs === null ? null : toMultirange([seqs]);
    await client.query(
      `insert into record_gap (account_id, agent_id, from_at, to_at, lost, reason, epoch, missing)
       select $1, $2::int4, $3, $4, $5, $6::text, $7::int8, $8::int8multirange
       where $6 <> 'refused' or not exists (select from record_gap g
         where g.agent_id = $2 and g.epoch = $7 and g.reason = $6 and g.missing = $8)`,
      [sender.account, sender.agent, new Date(from), new Date(to), lost, reason, epoch, missing],
    );
    if (missing === null) continue;
    await client.query(
      `insert into agent_range (agent_id, epoch, seen, missing) values ($1, $2, '{}', $3)
       on conflict (agent_id, epoch) do update set missing = agent_range.missing + excluded.missing`,
      [sender.agent, epoch, missing],
    );
  }
}

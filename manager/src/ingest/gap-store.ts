import type { PoolClient } from 'pg';
import type { Loss } from './losses.ts';
import { toMultirange } from './seen-ranges.ts';

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

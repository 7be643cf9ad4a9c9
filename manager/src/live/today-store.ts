import type { PoolClient } from 'pg';

/** Applications with any use since an instant: rolled up, not yet rolled up, or open. */
export async function applicationsUsedSince(
  client: PoolClient,
  account: number,
  since: Date,
): Promise<number[]> {
  const { rows } = await client.query<{ id: number }>(
    `select p.id from application p where p.account_id = $1 and (
       exists (select from rollup_quarter r where r.account_id = $1 and r.application_id = p.id and r.q >= $2)
       or exists (select from open_document d where d.account_id = $1 and d.application_id = p.id
         and not d.server_closed)
       or exists (select from dirty_log l where l.application_id = p.id))
     order by p.id`,
    [account, since],
  );
  return rows.map((row) => row.id);
}

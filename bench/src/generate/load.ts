import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pool, PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { copyStream } from './copy-rows.ts';

export const COLUMNS = {
  segment:
    'session_id, document_id, started, ended, epoch, seq, account_id, application_id, agent_id, state, cause, flags',
  session:
    'account_id, agent_id, id, application_id, user_name, computer, desktop, executable, pid, started, ended, end_cause, revision',
  document:
    'account_id, agent_id, session_id, id, name, path, source, confidence, opened, closed, close_cause',
  coverage: 'account_id, agent_id, from_at, to_at, cause',
} as const;
export type Loaded = keyof typeof COLUMNS;

export async function copyInto(client: PoolClient, table: Loaded, rows: readonly Buffer[]): Promise<void> {
  const target = client.query(copyFrom(`copy ${table} (${COLUMNS[table]}) from stdin (format binary)`));
  await pipeline(Readable.from(copyStream(rows)), target);
}

/**
 * Drops the indexes of the loaded tables (keys stay): building them over all rows is several times faster than row by row.
 * @returns a function that builds them again as they were
 */
export async function withoutIndexes(pool: Pool): Promise<() => Promise<void>> {
  const { rows } = await pool.query<{ name: string; definition: string }>(
    `select i.indexrelid::regclass::text as name, pg_get_indexdef(i.indexrelid) as definition
     from pg_index i join pg_class t on t.oid = i.indrelid
     where t.relname = any($1) and not i.indisprimary and not i.indisunique`,
    [Object.keys(COLUMNS)],
  );
  for (const { name } of rows) await pool.query(`drop index ${name}`);
  return async () => {
    // An index of a partitioned table reads as one of this table alone; built without ONLY it reaches the partitions.
    for (const { definition } of rows) await pool.query(definition.replace(' ON ONLY ', ' ON '));
  };
}

import type { Pool } from 'pg';
import type { RestoredAt } from './ensure-consumer.ts';

/** When the database was last made of a backup; undefined when it never was. */
export async function lastRestored(pool: Pool): Promise<RestoredAt | undefined> {
  const { rows } = await pool.query<RestoredAt>(
    'select at, as_of as "asOf" from restored order by id desc limit 1',
  );
  return rows[0];
}

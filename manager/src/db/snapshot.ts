import type { Pool, PoolClient } from 'pg';

/**
 * Runs reads on one snapshot of the database: what a report adds up belongs to one moment.
 * Ingest commits rows, dirty log and open state together, so no moment is counted twice or missed in between.
 */
export async function readSnapshot<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  try {
    await client.query('begin isolation level repeatable read read only');
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    broken = await client.query('rollback').then(
      () => false,
      () => true,
    );
    throw error;
  } finally {
    client.release(broken);
  }
}

import type { Pool } from 'pg';
import type { Servers } from '../stack/servers.ts';

/** Makes the application that simulated desks use the only one that is monitored. @returns its id */
export async function monitorSimulated(servers: Servers, pool: Pool): Promise<number> {
  const limits = { inactiveAfterMs: 60_000, timeoutAfterMs: 300_000 };
  await servers.manager.monitorOnly([{ name: 'Simulated', rules: [{ executable: 'simulated' }], ...limits }]);
  const { rows } = await pool.query<{ id: number }>(`select id from application where slug = 'simulated'`);
  const [row] = rows;
  if (row === undefined) throw new Error('the simulated application is not there');
  return row.id;
}

import { join } from 'node:path';
import { Pool } from 'pg';
import { expect } from 'vitest';
import { AgentProcess } from '../stack/agent-process.ts';
import { Audit, NOTHING_LOST, type Findings } from '../stack/audit.ts';
import { drain } from '../stack/drain.ts';
import { startServers, type Servers, type ServersOptions } from '../stack/servers.ts';

/** Servers of which one has a small disk, under an agent that makes up work without a pause. */
export interface DiskLoad {
  servers: Servers;
  pool: Pool;
  /** Segments in the database. */
  stored(): Promise<number>;
  /** Everything given out has arrived, once. @returns what is there, and how many records were given out */
  nothingIsLost(): Promise<{ found: Findings; records: number }>;
  end(): Promise<void>;
}

export async function startDiskLoad(options: ServersOptions): Promise<DiskLoad> {
  const servers = await startServers(options);
  const pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
  // The server may end under its idle connections.
  pool.on('error', () => {});
  const one = async (sql: string): Promise<number> =>
    Number((await pool.query<{ n: string }>(sql)).rows[0]?.n ?? 0);
  await servers.manager.monitorOnly([
    { name: 'Load', rules: [{ executable: 'load' }], inactiveAfterMs: 5000, timeoutAfterMs: 60_000 },
  ]);
  const state = join(servers.dir, 'load');
  const load = await AgentProcess.load({
    PM_MANAGER_URL: servers.managerUrl,
    PM_STATE_DIR: state,
    PM_ENROL_TOKEN: await servers.manager.enrolmentToken('load'),
    LOAD_APPLICATION: String(await one(`select id as n from application where slug = 'load'`)),
    LOAD_BASE: String(Date.now() - 20 * 86_400_000),
    LOAD_PAUSE_MS: '5',
  });
  return {
    servers,
    pool,
    stored: () => one('select count(*) as n from segment'),
    async nothingIsLost() {
      const audit = new Audit(pool);
      const [outbox] = await drain([load], [state], audit);
      const found = await audit.read();
      expect(found).toMatchObject(NOTHING_LOST);
      expect(await audit.incompleteLoadDocuments()).toBe(0);
      return { found, records: outbox?.last ?? 0 };
    },
    async end() {
      await load.stop();
      await pool.end();
      await servers.stop();
    },
  };
}

import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../stack/agent-process.ts';
import { Audit, NOTHING_LOST } from '../stack/audit.ts';
import { drain } from '../stack/drain.ts';
import { startServers, type Servers } from '../stack/servers.ts';
import { smallDisk, type SmallDisk } from '../stack/small-disk.ts';

const DISK_MB = 220;
/** What is left of the disk: less than the database writes in a few seconds. */
const LEFT_BYTES = 300_000;

let disk: SmallDisk;
let servers: Servers;
let pool: Pool;
let load: AgentProcess;
let state: string;

beforeAll(async () => {
  disk = smallDisk(DISK_MB);
  servers = await startServers({ database: join(disk.dir, 'postgres') });
  pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
  pool.on('error', () => {});
  await servers.manager.monitorOnly([
    { name: 'Load', rules: [{ executable: 'load' }], inactiveAfterMs: 5000, timeoutAfterMs: 60_000 },
  ]);
  state = join(servers.dir, 'load');
  load = await AgentProcess.load({
    PM_MANAGER_URL: servers.managerUrl,
    PM_STATE_DIR: state,
    PM_ENROL_TOKEN: await servers.manager.enrolmentToken('load'),
    LOAD_APPLICATION: String(await one(`select id as n from application where slug = 'load'`)),
    LOAD_BASE: String(Date.now() - 20 * 86_400_000),
    LOAD_PAUSE_MS: '5',
  });
}, 90_000);
afterAll(async () => {
  await load?.stop();
  await pool?.end();
  await servers?.stop();
  disk?.remove();
});

async function one(sql: string): Promise<number> {
  return Number((await pool.query<{ n: string | null }>(sql)).rows[0]?.n ?? 0);
}

/** Whether the database can no longer keep what it is given: it refuses, or has ended itself. */
async function isFull(): Promise<boolean> {
  disk.fill(LEFT_BYTES);
  return pool
    .query(
      'create table if not exists probe as select repeat(md5(n::text), 100) t from generate_series(1, 500) n',
    )
    .then(
      () =>
        pool.query('drop table probe').then(
          () => false,
          () => true,
        ),
      () => true,
    );
}

test('a full disk under the database loses nothing: what cannot be committed waits and comes when there is room', async () => {
  await expect.poll(() => one('select count(*) as n from segment'), { timeout: 30_000 }).toBeGreaterThan(500);
  await expect.poll(isFull, { timeout: 40_000, interval: 200 }).toBe(true);
  const before = await one('select count(*) as n from segment').catch(() => 0);
  // Work goes on against the full disk.
  await pause(6000);
  disk.free();
  // A database that ended itself is started again, as its supervisor does.
  await servers.crash('postgres');
  await pause(1000);
  const audit = new Audit(pool);
  const outboxes = await drain([load], [state], audit);
  const found = await audit.read();
  expect(found.segments).toBeGreaterThan(Math.max(500, before));
  expect(outboxes[0]!.last).toBeGreaterThan(1000);
  expect(found).toMatchObject(NOTHING_LOST);
  expect(await audit.incompleteLoadDocuments()).toBe(0);
}, 150_000);

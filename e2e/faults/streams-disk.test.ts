import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess } from '../stack/agent-process.ts';
import { Audit, NOTHING_LOST } from '../stack/audit.ts';
import { drain } from '../stack/drain.ts';
import { startServers, type Servers } from '../stack/servers.ts';
import { smallDisk, type SmallDisk } from '../stack/small-disk.ts';

const DISK_MB = 96;

let disk: SmallDisk;
let servers: Servers;
let pool: Pool;
let load: AgentProcess;
let state: string;

beforeAll(async () => {
  disk = smallDisk(DISK_MB);
  servers = await startServers({ streams: join(disk.dir, 'nats') });
  pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
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
const stored = (): Promise<number> => one('select count(*) as n from segment');

/** Nothing new comes in although somebody works. */
async function stands(): Promise<boolean> {
  disk.fill(0);
  const before = await stored();
  await pause(1500);
  return (await stored()) === before;
}

test('a full disk under the streams loses nothing: agents keep what is refused, and send it when there is room', async () => {
  await expect.poll(stored, { timeout: 30_000 }).toBeGreaterThan(500);
  await expect.poll(stands, { timeout: 60_000, interval: 200 }).toBe(true);
  const before = await stored();
  // Work goes on against the full disk.
  await pause(5000);
  disk.free();
  // A stream that could not write takes nothing until its server starts again; the liveness probe sees it.
  await servers.crash('nats');
  const audit = new Audit(pool);
  const outboxes = await drain([load], [state], audit);
  const found = await audit.read();
  process.stdout.write(`streams on a full disk: ${outboxes[0]!.last} records, ${JSON.stringify(found)}\n`);
  expect(found.segments).toBeGreaterThan(before);
  expect(outboxes[0]!.last).toBeGreaterThan(1000);
  expect(found).toMatchObject(NOTHING_LOST);
  expect(await audit.incompleteLoadDocuments()).toBe(0);
}, 150_000);

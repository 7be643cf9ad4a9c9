import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { startXServer, type LocalXServer } from '@process-meter/local';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AgentProcess, type AgentEnvironment } from '../stack/agent-process.ts';
import { Audit, NOTHING_LOST } from '../stack/audit.ts';
import { drain } from '../stack/drain.ts';
import { Script } from '../stack/script.ts';
import { seededRandom, shuffled } from '../stack/seeded.ts';
import { startServers, type Servers, type ServerName } from '../stack/servers.ts';

/** How often each part is killed; `npm run test:long` raises it. */
const KILLS = Number(process.env['PM_KILLS'] ?? 20);
const SEED = Number(process.env['PM_SEED'] ?? Date.now() % 1_000_000);
const LOAD_AGENTS = 2;
const LOAD_PAUSE_MS = 25;
/** Longer than the ack wait of ingest: another process has taken over its messages when it wakes up. */
const FROZEN_MS = 3000;
const SERVERS: readonly ServerName[] = ['postgres', 'nats', 'manager', 'ingest-1', 'ingest-2'];
const TARGETS = [...SERVERS, 'agent', 'hook', 'load', 'zombie-1', 'zombie-2'] as const;
type Target = (typeof TARGETS)[number];

let servers: Servers;
let display: LocalXServer;
let script: Script;
let agent: AgentProcess;
const load: AgentProcess[] = [];
const states: string[] = [];
let pool: Pool;

beforeAll(async () => {
  [servers, display] = await Promise.all([startServers(), startXServer()]);
  pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
  // The server is killed under its idle connections.
  pool.on('error', () => {});
  const limits = { inactiveAfterMs: 5000, timeoutAfterMs: 60_000 };
  await servers.manager.monitorOnly([
    { name: 'Mousepad', rules: [{ executable: 'mousepad' }], ...limits },
    { name: 'Load', rules: [{ executable: 'made-up-by-load' }], ...limits },
  ]);
  const application = await one(`select id as n from application where slug = 'load'`);
  const env = async (name: string): Promise<AgentEnvironment> => {
    states.push(join(servers.dir, name));
    return {
      PM_MANAGER_URL: servers.managerUrl,
      PM_STATE_DIR: join(servers.dir, name),
      PM_ENROL_TOKEN: await servers.manager.enrolmentToken(name),
      DISPLAY: display.display,
      LOAD_APPLICATION: String(application),
      LOAD_BASE: String(Date.now() - 20 * 86_400_000),
      LOAD_PAUSE_MS: String(LOAD_PAUSE_MS),
    };
  };
  agent = await AgentProcess.desktop(await env('agent'));
  for (let i = 0; i < LOAD_AGENTS; i += 1) load.push(await AgentProcess.load(await env(`load-${i}`)));
  while ((await one('select count(*) as n from agent where last_seen_at is not null')) <= LOAD_AGENTS)
    await pause(100);
  script = new Script({ dir: servers.dir, display: display.display });
}, 120_000);
afterAll(async () => {
  await script?.end();
  await Promise.all([agent, ...load].map((one) => one?.stop()));
  await pool?.end();
  await servers?.stop();
  await display?.stop();
});

const say = (line: string): void => void process.stdout.write(`kills: ${line}\n`);
const one = async (sql: string): Promise<number> =>
  Number((await pool.query<{ n: string | null }>(sql)).rows[0]?.n ?? 0);

/** Somebody works in two documents all the time, one of them opened and closed again and again. */
async function work(until: AbortSignal): Promise<void> {
  await script.openInEditor('ledger.txt');
  for (let n = 0; !until.aborted; n += 1) {
    const other = `note-${n}.txt`;
    await script.openInEditor(other);
    for (const document of ['ledger.txt', other]) {
      await script.focus(document);
      await script.type(document, 1500);
    }
    await pause(4500);
    await script.close(other);
  }
  await script.close('ledger.txt');
}

async function hit(target: Target): Promise<void> {
  switch (target) {
    case 'agent':
      return agent.crash();
    case 'hook':
      return expect.poll(() => agent.crashHook(), { timeout: 20_000, interval: 50 }).toBe(true);
    case 'load':
      await Promise.all(load.map((one) => one.crash()));
      return;
    case 'zombie-1':
      return freeze('ingest-1');
    case 'zombie-2':
      return freeze('ingest-2');
    case 'postgres':
    case 'nats':
    case 'manager':
    case 'ingest-1':
    case 'ingest-2':
      return servers.crash(target);
  }
}

async function freeze(name: 'ingest-1' | 'ingest-2'): Promise<void> {
  const pid = servers.pid(name);
  process.kill(pid, 'SIGSTOP');
  await pause(FROZEN_MS);
  process.kill(pid, 'SIGCONT');
}

/** What two targets have in common must not be hit by both at once: a stopped process is not also killed. */
const laneOf = (target: Target): string => target.replace('zombie', 'ingest').replace('hook', 'agent');

/** Hits every target `KILLS` times in a random order; one time in three without waiting for its return. */
async function wreck(random: () => number): Promise<Map<Target, number>> {
  const hits = new Map<Target, number>();
  const lanes = new Map<string, Promise<void>>();
  const order = shuffled(
    TARGETS.flatMap((target) => Array.from({ length: KILLS }, () => target)),
    random,
  );
  for (const target of order) {
    await lanes.get(laneOf(target));
    const recovery = hit(target).then(() => {
      hits.set(target, (hits.get(target) ?? 0) + 1);
    });
    lanes.set(laneOf(target), recovery);
    if (random() > 1 / 3) await recovery;
    await pause(random() * 300);
  }
  await Promise.all(lanes.values());
  return hits;
}

test(
  'every part killed again and again under load: no acknowledged record is lost or doubled',
  async () => {
    say(`seed ${SEED} (PM_SEED), ${KILLS} of each (PM_KILLS)`);
    const enough = new AbortController();
    const working = work(enough.signal);
    const hits = await wreck(seededRandom(SEED)).finally(() => enough.abort());
    await working;
    const audit = new Audit(pool);
    const outboxes = await drain([agent, ...load], states, audit);

    const found = await audit.read();
    const records = outboxes.reduce((sum, { last }) => sum + last, 0);
    const kills = [...hits].map(([target, n]) => `${target} ${n}`).join(', ');
    say(kills);
    say(`${records} records given out and seen; ${JSON.stringify(found)}`);
    expect([...hits.values()]).toEqual(TARGETS.map(() => KILLS));
    expect(records).toBeGreaterThan(KILLS * 200);
    expect(found.segments).toBeGreaterThan(KILLS * 100);
    expect(found).toMatchObject(NOTHING_LOST);
    // The content, not only the count: each made-up document is there with its ten segments and its ends.
    expect(await audit.incompleteLoadDocuments()).toBe(0);
    expect(found.desktopDocuments).toBeGreaterThan(KILLS / 4);
  },
  KILLS * 45_000,
);

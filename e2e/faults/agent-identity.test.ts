import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { agentSchema } from '@process-meter/contract';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { startServers, type Servers } from '../stack/servers.ts';
import { DAY, SimulatedDesk } from './agent-desk.ts';
import { UplinkedAgent } from './agent-uplink.ts';
import { monitorSimulated } from './simulated.ts';

const eventually = { timeout: 60_000, interval: 100 };
/** What both copies sent is confirmed once; the one that did not hear it sends again after two minutes and a half. */
const AFTER_RESENDING = { timeout: 240_000, interval: 100 };
/** An agent that is heard again so long after another began with its key is alive beside it. */
const TOGETHER_MS = 5000;
const lossesSchema = z.object({
  agents: z.array(
    z.object({ id: z.string(), lost: z.array(z.object({ lost: z.number(), reason: z.string() })) }),
  ),
});
let servers: Servers;
let pool: Pool;
let cookie: string;
let application: number;
/** Midnight UTC, ten days ago. */
let from: number;
const agents: UplinkedAgent[] = [];

beforeAll(async () => {
  servers = await startServers();
  pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
  application = await monitorSimulated(servers, pool);
  from = (Math.floor(Date.now() / DAY) - 10) * DAY;
  const entered = await fetch(`${servers.managerUrl}/api/v1/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account: 'default', login: 'admin', password: servers.password }),
  });
  cookie = (entered.headers.getSetCookie()[0] ?? '').split(';')[0] ?? '';
}, 120_000);
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.end()));
  await pool?.end();
  await servers?.stop();
});

const say = (line: string): void => void process.stdout.write(`identity: ${line}\n`);
async function get<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(`${servers.managerUrl}/api/v1/${path}`, { headers: { cookie } });
  return schema.parse(await response.json());
}

async function enrol(name: string): Promise<UplinkedAgent> {
  const agent = await UplinkedAgent.enrol(servers, name);
  agents.push(agent);
  return agent;
}
const deskOf = (agent: UplinkedAgent, seed: number, day: number): SimulatedDesk =>
  new SimulatedDesk({
    agent: agent.id,
    application,
    from: from + day * DAY,
    seed,
    outbox: () => agent.outbox,
  });

/** Beginnings of all segments in the database, in order. */
async function stored(agent: UplinkedAgent): Promise<number[]> {
  const { rows } = await pool.query<{ at: number }>(
    `select (extract(epoch from started) * 1000)::float8 as at from segment g join agent a on a.id = g.agent_id
     where a.external_id = $1 order by 1`,
    [agent.id],
  );
  return rows.map(({ at }) => at);
}
const recorded = (...desks: SimulatedDesk[]): number[] =>
  desks
    .flatMap(({ segments }) => segments)
    .map(({ started }) => started)
    .toSorted((a, b) => a - b);

async function sendAll(agent: UplinkedAgent, desk: SimulatedDesk, patience = eventually): Promise<void> {
  await agent.connect(desk);
  await expect.poll(() => agent.outbox.stats().waiting, patience).toBe(0);
}

test('an outbox that was overwritten by garbage is moved aside, and completeness names the loss', async () => {
  const agent = await enrol('damaged');
  const [first, lost, later] = [deskOf(agent, 1, 0), deskOf(agent, 2, 1), deskOf(agent, 3, 2)];
  await first.work(1);
  await sendAll(agent, first);
  await agent.disconnect();
  await lost.work(1);
  agent.restartOutbox(() => {
    for (const name of readdirSync(agent.folder).filter((file) => file.startsWith('outbox.sqlite')))
      writeFileSync(join(agent.folder, name), Buffer.alloc(50_000, 0xab));
  });
  await later.work(1);
  await sendAll(agent, later);
  expect(await stored(agent)).toEqual(recorded(first, later));
  const range = `from=${new Date(from).toISOString()}&to=${new Date(Date.now() + 60_000).toISOString()}`;
  const shown = (await get(`completeness?${range}`, lossesSchema)).agents.find(({ id }) => id === agent.id);
  expect(shown?.lost).toEqual([{ lost: -1, reason: 'outboxDamaged' }]);
  expect((await get(`agents/${agent.id}`, agentSchema)).gaps).toMatchObject([
    { lost: -1, reason: 'outboxDamaged' },
  ]);
  expect(readdirSync(agent.folder).some((name) => name.startsWith('damaged-'))).toBe(true);
  say(
    `garbage: ${lost.drafts.length} records were in the file, the loss is named, all before and after is there`,
  );
}, 120_000);

test('a copied computer with the same key: both are told apart and shown, and nothing of either is lost', async () => {
  const original = await enrol('original');
  const before = deskOf(original, 4, 0);
  await before.work(1);
  // The copy is made with all of that in the outbox; both send it, and it is there once.
  const copy = original.copy('copy');
  agents.push(copy);
  const [one, two] = [deskOf(original, 5, 1), deskOf(copy, 6, 1)];
  await Promise.all([one.work(2), two.work(2)]);
  await Promise.all([sendAll(original, one, AFTER_RESENDING), sendAll(copy, two, AFTER_RESENDING)]);
  expect(await stored(original)).toEqual(recorded(before, one, two));
  const { rows } = await pool.query<{ seen: string }>(
    `select seen::text from agent_range r join agent a on a.id = r.agent_id where a.external_id = $1 order by epoch`,
    [original.id],
  );
  expect(rows.map(({ seen }) => seen)).toEqual(
    [original, copy].map(({ outbox }) => `{[1,${outbox.stats().lastSeq + 1})}`),
  );
  await pause(TOGETHER_MS);
  await original.disconnect();
  await original.connect(one);
  const reason = async (): Promise<string> =>
    (await get(`agents/${original.id}`, agentSchema)).capability?.reason ?? '';
  // What can be measured is told by a record; this agent has no desktop that could tell.
  const at = Date.now();
  original.outbox.commit(
    [{ kind: 'capability', at, input: 'idle', window: 'x11', documents: 'proc', desktop: 'x11', reason: '' }],
    '',
    at,
  );
  await original.disconnect();
  await original.connect(one);
  await expect.poll(reason, eventually).toContain('Two agents are alive with the key');
  say(
    `one key on two computers: ${one.drafts.length} + ${two.drafts.length} records, lost 0, doubled 0, shown`,
  );
}, 400_000);

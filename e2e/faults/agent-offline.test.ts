import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Audit } from '../stack/audit.ts';
import { startServers, type Servers } from '../stack/servers.ts';
import { DAY, quartersOf, SimulatedDesk, type Quarter } from './agent-desk.ts';
import { UplinkedAgent } from './agent-uplink.ts';
import { monitorSimulated } from './simulated.ts';

const DAYS = 30;
const SMALL_MB = 0.5;
const BATCH = 100;
/** Batches of a backlog follow each other no faster than this. */
const PAUSE_MS = 100;
const eventually = { timeout: 60_000, interval: 100 };
let servers: Servers;
let pool: Pool;
let application: number;
/** Midnight UTC, 30 days ago. */
let from: number;
const agents: UplinkedAgent[] = [];

beforeAll(async () => {
  servers = await startServers();
  pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
  application = await monitorSimulated(servers, pool);
  from = (Math.floor(Date.now() / DAY) - DAYS) * DAY;
}, 120_000);
afterAll(async () => {
  await Promise.all(agents.map((agent) => agent.end()));
  await pool?.end();
  await servers?.stop();
});

const say = (line: string): void => void process.stdout.write(`offline: ${line}\n`);
async function query<Row extends object>(sql: string, ...parameters: unknown[]): Promise<Row[]> {
  return (await pool.query<Row>(sql, parameters)).rows;
}

async function agentWithDesk(
  name: string,
  seed: number,
  budgetMb?: number,
): Promise<{ agent: UplinkedAgent; desk: SimulatedDesk }> {
  let clock = (): number => from;
  const agent = await UplinkedAgent.enrol(servers, name, {
    clock: () => clock(),
    ...(budgetMb === undefined ? {} : { budgetMb }),
  });
  const desk = new SimulatedDesk({ agent: agent.id, application, from, seed, outbox: () => agent.outbox });
  clock = () => desk.now;
  agents.push(agent);
  return { agent, desk };
}

async function rolledUp(): Promise<Quarter[]> {
  return query<Quarter>(
    `select (extract(epoch from q) * 1000)::float8 as q, ms_active::float8 as active, ms_inactive::float8 as inactive,
       ms_timeout::float8 as timeout, peak_open as peak
     from rollup_quarter where application_id = $1 order by q`,
    application,
  );
}

const sent = (agent: UplinkedAgent): number => agent.outbox.stats().waiting;

test('30 days without NATS are replayed exactly and at a bounded rate, and change the right hours', async () => {
  const online = await agentWithDesk('online', 1);
  online.desk.now = from + 9 * DAY;
  await online.desk.work(3);
  await online.agent.connect(online.desk);
  const audit = new Audit(pool);
  const given = ({ agent }: typeof online): { agent: string; epoch: number; last: number } => ({
    agent: agent.id,
    epoch: agent.outbox.epoch,
    last: agent.outbox.stats().lastSeq,
  });
  await expect.poll(() => audit.behind([given(online)]), eventually).toEqual([]);
  const before = await rolledUp();
  expect(before).toEqual(quartersOf(online.desk.segments));

  const away = await agentWithDesk('away', 2);
  await away.agent.connect(away.desk, false);
  await away.desk.work(DAYS);
  await away.agent.disconnect();
  const backlog = sent(away.agent);
  expect(backlog).toBe(away.desk.drafts.length);
  const began = performance.now();
  await away.agent.connect(away.desk);
  await expect.poll(() => sent(away.agent), eventually).toBe(0);
  const took = performance.now() - began;
  const batches = Math.ceil(backlog / BATCH);
  expect(took).toBeGreaterThan((batches - 1) * PAUSE_MS);
  await expect.poll(() => audit.behind([given(online), given(away)]), eventually).toEqual([]);

  const [rows] = await query<{ n: number; ms: number }>(
    `select count(*)::int as n, sum(extract(epoch from ended - started) * 1000)::float8 as ms
     from segment g join agent a on a.id = g.agent_id where a.external_id = $1`,
    away.agent.id,
  );
  const { segments } = away.desk;
  expect(rows).toEqual({ n: segments.length, ms: segments.reduce((sum, s) => sum + s.ended - s.started, 0) });
  const after = await rolledUp();
  const expected = quartersOf([...online.desk.segments, ...segments]);
  expect(after).toEqual(expected);
  const touched = new Set(quartersOf(segments).map(({ q }) => q));
  expect(after.filter(({ q }) => !touched.has(q))).toEqual(before.filter(({ q }) => !touched.has(q)));
  expect(before.every(({ peak }) => peak === 1)).toBe(true);
  expect(after.some(({ peak }) => peak === 2)).toBe(true);
  const findings = await audit.read();
  expect(findings).toMatchObject({ doubledSegments: 0, gapRecords: 0, deadLetters: 0, brokenTilings: 0 });
  say(
    `${DAYS} days, ${backlog} records in ${batches} batches replayed in ${(took / 1000).toFixed(1)} s, ` +
      `${after.length} quarters right, lost 0, doubled ${findings.doubledSegments}`,
  );
}, 120_000);

test('a budget that is too small for 30 days is kept; the oldest are given up, and every one of them is named', async () => {
  const { agent, desk } = await agentWithDesk('small', 3, SMALL_MB);
  await desk.work(DAYS);
  expect(statSync(join(agent.folder, 'outbox.sqlite')).size).toBeLessThanOrEqual(SMALL_MB * 1024 * 1024);
  const { epoch } = agent.outbox;
  const { lastSeq } = agent.outbox.stats();
  await agent.connect(desk);
  await expect.poll(() => sent(agent), eventually).toBe(0);
  const [range] = await query<{ id: number; unexplained: string; lost: number; gaps: number }>(
    `select r.agent_id as id, (int8multirange(int8range(1, $3)) - seen - missing)::text as unexplained,
       (select sum(lost)::int from record_gap g where g.agent_id = r.agent_id) as lost,
       (select count(*)::int from record_gap g where g.agent_id = r.agent_id and reason = 'outboxFull') as gaps
     from agent_range r join agent a on a.id = r.agent_id where a.external_id = $1 and r.epoch = $2`,
    agent.id,
    epoch,
    lastSeq + 1,
  );
  expect(range).toMatchObject({ unexplained: '{}' });
  const lost = range!.lost;
  expect(lost).toBeGreaterThan(0);
  // Oldest first: what is kept are the last ones, whole.
  const kept = desk.drafts.slice(lost).filter((draft) => draft.kind === 'segment');
  const rows = await query<{ started: number }>(
    `select (extract(epoch from started) * 1000)::float8 as started from segment where agent_id = $1 order by started`,
    range!.id,
  );
  expect(rows.map(({ started }) => started)).toEqual(
    kept.map(({ started }) => started).toSorted((a, b) => a - b),
  );
  say(
    `a budget of ${SMALL_MB} MB: ${lost} of ${desk.drafts.length} records given up, named by ${range!.gaps} gaps, unexplained 0`,
  );
}, 120_000);

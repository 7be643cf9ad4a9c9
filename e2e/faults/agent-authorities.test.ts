import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeLocalAuthority, type LocalAuthority } from '@process-meter/local';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { Audit, NOTHING_LOST } from '../stack/audit.ts';
import { startServers, type Servers } from '../stack/servers.ts';
import { DAY, SimulatedDesk } from './agent-desk.ts';
import { UplinkedAgent } from './agent-uplink.ts';
import { monitorSimulated } from './simulated.ts';

const eventually = { timeout: 60_000, interval: 100 };
const DAYS = 10;
const folder = mkdtempSync(join(tmpdir(), 'pm-authorities-'));
const file = (name: string): string => join(folder, name);
const files = {
  cert: file('tls.crt'),
  key: file('tls.key'),
  authorities: file('ca.crt'),
  known: file('known.crt'),
};
const identitySchema = z.object({
  enrolled: z.object({ jwt: z.string(), authorities: z.array(z.string()) }),
});

const old = makeLocalAuthority('old');
const next = makeLocalAuthority('next');
let servers: Servers;
let pool: Pool;
let application: number;
let from: number;
const agents: { agent: UplinkedAgent; desk: SimulatedDesk }[] = [];

beforeAll(async () => {
  show(old);
  announce(old);
  writeFileSync(files.known, old.certificate + next.certificate);
  servers = await startServers({ tls: files });
  pool = new Pool({ connectionString: servers.databaseUrl, max: 2 });
  application = await monitorSimulated(servers, pool);
  from = (Math.floor(Date.now() / DAY) - DAYS) * DAY;
}, 120_000);
afterAll(async () => {
  await Promise.all(agents.map(({ agent }) => agent.end()));
  await pool?.end();
  await servers?.stop();
  for (const authority of [old, next]) authority.forget();
  rmSync(folder, { recursive: true });
});

/** The server shows a new certificate of an authority from its next start. */
function show(authority: LocalAuthority): void {
  const { cert, key } = authority.issue();
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key, { mode: 0o600 });
}

/** The Manager tells agents of these from its next start. */
function announce(...authorities: readonly LocalAuthority[]): void {
  writeFileSync(files.authorities, authorities.map(({ certificate }) => certificate).join(''));
}

async function enrol(name: string, seed: number): Promise<(typeof agents)[number]> {
  let clock = (): number => from;
  const agent = await UplinkedAgent.enrol(servers, name, { clock: () => clock() });
  const desk = new SimulatedDesk({ agent: agent.id, application, from, seed, outbox: () => agent.outbox });
  clock = () => desk.now;
  agents.push({ agent, desk });
  return { agent, desk };
}

const kept = ({ agent }: { agent: UplinkedAgent }) =>
  identitySchema.parse(JSON.parse(readFileSync(join(agent.folder, 'identity.json'), 'utf8'))).enrolled;

/** Works a day, and waits until all of it is committed. */
async function workDay({ agent, desk }: (typeof agents)[number]): Promise<void> {
  await desk.work(1);
  await expect.poll(() => agent.outbox.stats().waiting, eventually).toBe(0);
}

test('certificate, then authority renewed under an agent that sends: it is told in time, and nothing is lost', async () => {
  const one = await enrol('one', 1);
  expect(kept(one).authorities).toEqual([old.certificate]);
  await one.agent.connect(one.desk);
  await workDay(one);
  show(old);
  await servers.crash('nats');
  await workDay(one);
  announce(old, next);
  await servers.crash('manager');
  await expect.poll(() => kept(one).authorities, eventually).toEqual([old.certificate, next.certificate]);
  const { jwt } = kept(one);
  show(next);
  await servers.crash('nats');
  await workDay(one);
  // It had to ask nobody.
  expect(kept(one).jwt).toBe(jwt);
  const audit = new Audit(pool);
  const { epoch } = one.agent.outbox;
  const given = [{ agent: one.agent.id, epoch, last: one.agent.outbox.stats().lastSeq }];
  await expect.poll(() => audit.behind(given), eventually).toEqual([]);
  // An agent that stops leaves the last session to be gone on with.
  const { openSessions: _, ...lost } = NOTHING_LOST;
  expect(await audit.read()).toMatchObject(lost);
}, 240_000);

test('an agent that was away over the whole change asks the Manager, which signs its answer, and sends what it kept', async () => {
  show(old);
  announce(old);
  await servers.crash('nats');
  await servers.crash('manager');
  const away = await enrol('away', 2);
  await away.desk.work(1);
  show(next);
  announce(next);
  await servers.crash('nats');
  await servers.crash('manager');
  expect(kept(away).authorities).toEqual([old.certificate]);
  await away.agent.connect(away.desk);
  await expect.poll(() => away.agent.outbox.stats().waiting, eventually).toBe(0);
  expect(kept(away).authorities).toEqual([next.certificate]);
}, 240_000);

test('an agent that is connected while the server moves to an authority that nobody announced finds back', async () => {
  const surprised = await enrol('surprised', 3);
  await surprised.agent.connect(surprised.desk);
  await workDay(surprised);
  show(old);
  await servers.crash('nats');
  await surprised.desk.work(1);
  expect(surprised.agent.outbox.stats().waiting).toBeGreaterThan(0);
  announce(old);
  await servers.crash('manager');
  await expect.poll(() => surprised.agent.outbox.stats().waiting, eventually).toBe(0);
  expect(kept(surprised).authorities).toEqual([old.certificate]);
}, 240_000);

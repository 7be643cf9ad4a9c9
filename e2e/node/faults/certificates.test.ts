import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { everythingTold, secretValues, secretsIn } from '@process-meter/e2e/kubernetes/testing/known-secrets';
import { AgentProcess, type AgentEnvironment } from '@process-meter/e2e/stack/agent-process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { accessTo, type Access } from '../agents.ts';
import { ready, startAppliance, type Appliance } from '../appliance.ts';
import { containersOf } from '../containers.ts';
import { nothingIsLost } from '../load.ts';

const TLS = 'messaging.embedded.replicas=3,messaging.embedded.tls.mode=Generated';
const NEW_AUTHORITY = `${TLS},messaging.embedded.tls.generated.revision=2,messaging.embedded.tls.generated.overlap=30s`;
const NAMES = ['load-0', 'load-1'] as const;
const ROLLED_MS = 120_000;
const eventually = { timeout: ROLLED_MS, interval: 500 };
const identitySchema = z.object({
  enrolled: z.object({ jwt: z.string(), authorities: z.array(z.string()) }),
});

let appliance: Appliance;
let access: Access;
const load: AgentProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'pm-node-certificates-'));
const say = (line: string): void => void process.stdout.write(`certificates: ${line}\n`);

beforeAll(async () => {
  appliance = await startAppliance(folder);
  await appliance.installOperator();
  await appliance.install(TLS);
  await ready(appliance);
  access = await accessTo(appliance, folder);
}, 400_000);
afterAll(async () => {
  await Promise.all([...load.map((one) => one.stop()), access?.pool.end()]);
  await appliance?.lab.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Whom the agents trust and what they connect with, as they keep it. */
const kept = () =>
  NAMES.map((name) => {
    const text = readFileSync(join(folder, name, 'identity.json'), 'utf8');
    return identitySchema.parse(JSON.parse(text)).enrolled;
  });
const announced = (): Promise<string> => appliance.secret('meter-authority', 'ca\\.crt');
const arrived = (): Promise<number> =>
  nothingIsLost({ agents: load, names: NAMES, folder, pool: access.pool, say });

/** Waits until every NATS server runs in another container than before. */
async function replaced(before: readonly string[]): Promise<void> {
  await expect
    .poll(async () => {
      const now = await containersOf(appliance, 'nats');
      return now.length === 3 && now.every(({ id, ready }) => ready && !before.includes(id));
    }, eventually)
    .toBe(true);
}
const servers = async (): Promise<string[]> => (await containersOf(appliance, 'nats')).map(({ id }) => id);

/** An agent on a computer that knows no authority of the customer. */
async function strangerTo(name: string): Promise<AgentEnvironment> {
  const { NODE_EXTRA_CA_CERTS: _, ...env } = await access.agent(name, '');
  return env;
}

test('agents that were given no authority by hand enrol and send over TLS', async () => {
  for (const name of NAMES) load.push(await AgentProcess.load(await strangerTo(name)));
  await expect
    .poll(async () => {
      const sql = 'select count(*)::int as n from agent where last_seen_at is not null';
      return (await access.pool.query<{ n: number }>(sql)).rows[0]?.n;
    }, eventually)
    .toBe(2);
  const authority = await announced();
  expect(kept().map(({ authorities }) => authorities.join(''))).toEqual([authority, authority]);
  expect(await arrived()).toBeGreaterThan(20);
}, 200_000);

test('the certificate is renewed while they send: nothing is lost', async () => {
  const before = await servers();
  const start = Date.now();
  await appliance.kubectl('delete', 'secret/meter-nats-server');
  await replaced(before);
  say(`renewed on three servers in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  await ready(appliance);
  expect(await arrived()).toBeGreaterThan(20);
}, 300_000);

test('the authority is renewed while they send: they know the new one before it signs, and nothing is lost', async () => {
  const [before, old] = [await servers(), await announced()];
  const start = Date.now();
  await appliance.upgrade(NEW_AUTHORITY);
  await expect.poll(() => kept().map(({ authorities }) => authorities.length), eventually).toEqual([2, 2]);
  const jwts = kept().map(({ jwt }) => jwt);
  await replaced(before);
  await expect.poll(() => kept().map(({ authorities }) => authorities.length), eventually).toEqual([1, 1]);
  say(`announced, shown and alone in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  const fresh = await announced();
  expect(old).not.toContain(fresh);
  expect(kept().map(({ authorities }) => authorities.join(''))).toEqual([fresh, fresh]);
  // Who was not told in time would have asked the Manager, and got new credentials with the answer.
  expect(kept().map(({ jwt }) => jwt)).toEqual(jwts);
  await ready(appliance);
  await arrived();
}, 400_000);

test('no secret is told by any object, its status, its events, or a line of any container', async () => {
  const kubectl = (...args: string[]): Promise<string> => appliance.kubectl(...args);
  const values = await secretValues(kubectl);
  const told = await everythingTold(kubectl);
  const names = (await kubectl('get', 'pods', '-o', 'name')).trim().split('\n');
  for (const name of names) told.set(`logs ${name}`, await kubectl('logs', name, '--all-containers'));
  const lines = [...told].filter(([where]) => where.startsWith('logs')).map(([, text]) => text);
  say(`${values.length} secret values searched for, in ${lines.join('').length} bytes of logs too`);
  expect(lines.join('').length).toBeGreaterThan(10_000);
  expect(secretsIn(told, values)).toEqual([]);
}, 120_000);

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { runCommand } from '@process-meter/e2e/lab';
import { AgentProcess } from '@process-meter/e2e/stack/agent-process';
import { Audit, NOTHING_LOST } from '@process-meter/e2e/stack/audit';
import { CHROMIUM } from '@process-meter/e2e/stack/chromium';
import { drain } from '@process-meter/e2e/stack/drain';
import { Script } from '@process-meter/e2e/stack/script';
import { signIn } from '@process-meter/e2e/stack/sign-in';
import { remains, tracesOf } from '@process-meter/e2e/lab/testing/traces';
import { startXServer, type LocalXServer } from '@process-meter/local';
import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { accessTo, LOAD_PAUSE_MS, type Access } from './agents.ts';
import { fileOfPage } from './backup-page.ts';
import { openWays, seenIn } from './connections.ts';
import { certificateSecret } from './certificate.ts';
import { askAgainAndAgain } from './poll.ts';
import { NAMESPACE, OPERATOR, pods, ready, startAppliance, type Appliance } from './appliance.ts';

/** From `helm install` to the first recorded use in a report. */
const FIRST_DATA_MS = 180_000;
const IMAGE_IDS = '{range .items[*].status.containerStatuses[*]}{.imageID}{"\\n"}{end}';
const MANAGER_CLI = join(import.meta.dirname, '../../manager/src/cli.ts');

let appliance: Appliance;
let display: LocalXServer;
let access: Access;
let agent: AgentProcess;
let load: AgentProcess;
let script: Script;
const folder = mkdtempSync(join(tmpdir(), 'pm-desk-'));
const begun = { at: 0 };

const say = (line: string): void => void process.stdout.write(`appliance: ${line}\n`);
const seconds = (since: number): string => `${((Date.now() - since) / 1000).toFixed(1)} s`;

beforeAll(async () => {
  const start = Date.now();
  [appliance, display] = await Promise.all([startAppliance(folder), startXServer()]);
  say(`node, bundle and registry after ${seconds(start)}`);
}, 180_000);
afterAll(async () => {
  await script?.end();
  await Promise.all([agent?.stop(), load?.stop(), access?.pool.end()]);
  await Promise.all([appliance?.lab.stop(), display?.stop()]);
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

test('both charts of a bundle bring an evaluation to Ready behind an air gap, every part of it a restricted pod', async () => {
  begun.at = Date.now();
  await appliance.installOperator();
  say(`operator ready ${seconds(begun.at)} after helm install`);
  await appliance.install();
  await ready(appliance);
  say(`appliance Ready ${seconds(begun.at)} after helm install`);
  const path = '{range .items[*].status.containerStatuses[*]}{.name} {.restartCount}{"\\n"}{end}';
  const restarts = (await appliance.kubectl('get', 'pods', '-o', `jsonpath=${path}`)).trim().split('\n');
  expect(restarts.toSorted()).toEqual(
    ['ingest', 'ingest', 'manager', 'manager', 'migrate', 'nats', 'operator', 'operator', 'portal', 'portal']
      .concat('postgres')
      .map((name) => `${name} 0`),
  );
  const ids = await appliance.kubectl('get', 'pods', '-o', `jsonpath=${IMAGE_IDS}`);
  expect([...new Set(ids.trim().split('\n'))].toSorted()).toEqual(appliance.imageIds.toSorted());
}, 300_000);

test('an agent on a desktop enrols from outside, sends over TLS, and what is done there is in a report', async () => {
  access = await accessTo(appliance, folder);
  const { manager } = access;
  agent = await AgentProcess.desktop(await access.agent('desktop', display.display));
  const leave = await manager.watch();
  script = new Script({ dir: folder, display: display.display });
  await script.openInEditor('ledger.txt');
  await script.focus('ledger.txt');
  const active = async (): Promise<number> => {
    const documents = (await manager.sessions()).flatMap((session) => session.documentList);
    return documents.find(({ name }) => name === 'ledger.txt')?.activeMs ?? 0;
  };
  // What is done before the agent has its settings is nobody's business, so somebody works until it is there.
  for (const end = Date.now() + 60_000; (await active()) < 1000 && Date.now() < end;)
    await script.type('ledger.txt', 500);
  expect(await active()).toBeGreaterThan(1000);
  say(`first data in a report ${seconds(begun.at)} after helm install`);
  expect(Date.now() - begun.at).toBeLessThan(FIRST_DATA_MS);
  leave();
  expect(await sessionsPage()).toContain('editor');
});

/** What the list of sessions shows in a browser, once somebody signed in there. */
async function sessionsPage(): Promise<string> {
  const browser = await chromium.launch(CHROMIUM);
  try {
    const page = await browser.newPage();
    const portal = `http://${appliance.at('portal')}`;
    await signIn(page, portal, { password: await appliance.secret('meter-admin', 'password') });
    await page.goto(`${portal}/use/sessions`);
    return await page.getByRole('table').first().innerText();
  } finally {
    await browser.close();
  }
}

test('an upgrade replaces the pods of all parts while agents send, and nothing is lost', async () => {
  load = await AgentProcess.load(await access.agent('load', display.display));
  await expect.poll(seenAgents, { timeout: 30_000 }).toBe(2);
  const before = await podNames();
  const polled = askAgainAndAgain([
    `http://${appliance.at('manager')}/healthz`,
    `http://${appliance.at('portal')}/sign-in`,
  ]);
  const start = Date.now();
  const working = script.type('ledger.txt', 15_000);
  try {
    await appliance.upgrade('logLevel=Debug');
    await expect
      .poll(async () => (await podNames()).filter((name) => before.includes(name)), {
        timeout: 120_000,
        interval: 500,
      })
      .toEqual([]);
    await ready(appliance);
  } finally {
    await polled.end();
  }
  say(`pods of Manager, Ingest and portal replaced in ${seconds(start)}`);
  const { asked, failed } = await polled.end();
  say(`${asked} requests to Manager and portal meanwhile, ${failed.length} failed`);
  expect(failed).toEqual([]);
  await working;
  await script.close('ledger.txt');
  const audit = new Audit(access.pool);
  const states = ['desktop', 'load'].map((name) => join(folder, name));
  const outboxes = await drain([agent, load], states, audit);
  const records = outboxes.reduce((sum, { last }) => sum + last, 0);
  const found = await audit.read();
  say(`${records} records given out and seen over the upgrade; ${JSON.stringify(found)}`);
  expect(records).toBeGreaterThan(500);
  expect(found).toMatchObject(NOTHING_LOST);
  expect(await audit.incompleteLoadDocuments()).toBe(0);
}, 300_000);

test('pods listen and talk only where the policies have a way for it', async () => {
  const ways = await openWays(appliance);
  const { made, listening } = await seenIn(appliance);
  say(`${made.length} kinds of connections seen: ${made.join(', ')}; listening: ${listening.join(', ')}`);
  expect(made).toEqual(
    expect.arrayContaining([
      'ingest → nats 4222/TCP',
      'manager → postgres 5432/TCP',
      'ingest → postgres 5432/TCP',
    ]),
  );
  expect(made.filter((way) => !ways.includes(way))).toEqual([]);
  // The kubelet asks NATS how it is at a port of its own; a policy never keeps it out.
  const reached = listening.filter((end) => end !== 'nats 8222');
  expect(reached.filter((end) => !ways.some((way) => way.endsWith(`→ ${end}/TCP`)))).toEqual([]);
});

test('a backup that a container makes is restored by a container in place, under load, and nothing is lost', async () => {
  const key = join(folder, 'backup.key');
  await runCommand(process.execPath, [MANAGER_CLI, 'backup', 'key', '--out', key]);
  const [recipient] = /age1[0-9a-z]*/.exec(readFileSync(key, 'utf8')) ?? [];
  await applyPage('backup-claim.yaml');
  await appliance.upgrade(`logLevel=Debug,backup.claimName=meter-backups,backup.recipients={${recipient}}`);
  await load.resume({ LOAD_PAUSE_MS });
  const begunAt = Date.now();
  const made = await doneOnce('backup-now.yaml', 'processmeterbackup/before-upgrade');
  say(`backed up in ${seconds(begunAt)}: ${made.rows} rows, ${made.sizeBytes} bytes`);
  expect(made).toMatchObject({
    location: expect.stringMatching(/^process-meter-[0-9TZ]+\.tar\.zst\.age$/),
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    schemaVersion: await newestMigration(access.pool),
  });
  expect(made.rows).toBeGreaterThan(500);
  await appliance.kubectl('create', 'secret', 'generic', 'meter-backup-key', `--from-file=${key}`);
  const start = Date.now();
  const restored = await doneOnce('restore.yaml', 'processmeterrestore/after-upgrade');
  say(`restored in place in ${seconds(start)}`);
  expect(restored).toMatchObject({ rows: made.rows, asOf: made.asOf, previousDatabase: 'meter' });
  const uri = new URL(await appliance.secret('meter-postgres', 'uri'));
  expect(uri.pathname).toBe(`/${restored.database}`);
  uri.host = appliance.at('postgres');
  const after = new Pool({ connectionString: uri.href, max: 2 });
  after.on('error', () => {});
  const audit = new Audit(after);
  await drain(
    [agent, load],
    ['desktop', 'load'].map((name) => join(folder, name)),
    audit,
  );
  const found = await audit.read();
  say(`after the restore: ${JSON.stringify(found)}`);
  expect(found).toMatchObject(NOTHING_LOST);
  expect(found.segments).toBeGreaterThan(await segments(access.pool));
  await after.end();
  await appliance.kubectl('delete', 'processmeterbackup,processmeterrestore', '--all');
  await appliance.kubectl('delete', 'secret/meter-backup-key');
}, 300_000);

test('the same by way of a bucket, over TLS with an authority of the customer', async () => {
  const account = { access: 'meter', secret: 'a secret of the tests' };
  await certificateSecret(folder, { address: appliance.lab.address, name: 's3', namespace: NAMESPACE });
  const endpoint = await appliance.lab.startObjectStorage({
    certificate: join(folder, 's3.crt'),
    key: join(folder, 's3.key'),
    account,
    bucket: 'meter-backups',
  });
  await appliance.kubectl(
    'create',
    'secret',
    'generic',
    'meter-s3',
    `--from-literal=AWS_ACCESS_KEY_ID=${account.access}`,
    `--from-literal=AWS_SECRET_ACCESS_KEY=${account.secret}`,
  );
  await appliance.kubectl('create', 'secret', 'generic', 'corp-ca', `--from-file=${appliance.authority}`);
  const key = join(folder, 'backup.key');
  await appliance.kubectl('create', 'secret', 'generic', 'meter-backup-key', `--from-file=${key}`);
  const [recipient] = /age1[0-9a-z]*/.exec(readFileSync(key, 'utf8')) ?? [];
  const s3 = [`endpoint=${endpoint}`, 'bucket=meter-backups', 'prefix=site-a'].concat(
    'credentialsSecretRef.name=meter-s3',
    'caSecretRef.name=corp-ca',
  );
  const values = [...s3.map((value) => `backup.s3.${value}`), `backup.recipients={${recipient}}`];
  await appliance.upgrade(`logLevel=Debug,${values.join(',')}`);
  const begunAt = Date.now();
  const made = await doneOnce('backup-now.yaml', 'processmeterbackup/before-upgrade');
  expect(made).toMatchObject({
    location: expect.stringMatching(/^s3:\/\/meter-backups\/site-a\/process-meter-[0-9TZ]+\.tar\.zst\.age$/),
  });
  const restored = await doneOnce('restore.yaml', 'processmeterrestore/after-upgrade');
  say(`backed up to a bucket and restored from it in ${seconds(begunAt)}`);
  expect(restored).toMatchObject({ rows: made.rows, asOf: made.asOf });
  await appliance.kubectl('delete', 'processmeterbackup,processmeterrestore', '--all');
  await appliance.kubectl('delete', 'secret', 'meter-backup-key', 'meter-s3', 'corp-ca');
}, 300_000);

const applyPage = (file: string): Promise<string> =>
  appliance.lab.kubectl(['apply', '-n', NAMESPACE, '-f', '-'], { stdin: fileOfPage(file) });

const onceSchema = z.object({
  status: z.looseObject({
    rows: z.number(),
    asOf: z.string(),
    sizeBytes: z.number().optional(),
    database: z.string().optional(),
  }),
});

/** Asks for a backup or a restore as the page says, and waits for it. @throws with what it says when it is not done */
async function doneOnce(file: string, what: string): Promise<z.output<typeof onceSchema>['status']> {
  await applyPage(file);
  await appliance
    .kubectl('wait', '--for=condition=Ready', '--timeout=120s', what)
    .catch(async (error: unknown) => {
      const said = await appliance.kubectl('get', what, '-o', 'jsonpath={.status}');
      throw new Error(`${what}: ${said}\n${await pods(appliance)}`, { cause: error });
    });
  return onceSchema.parse(JSON.parse(await appliance.kubectl('get', what, '-o', 'json'))).status;
}

async function newestMigration(pool: Pool): Promise<string | undefined> {
  const sql = 'select name from kysely_migration order by name desc limit 1';
  return (await pool.query<{ name: string }>(sql)).rows[0]?.name;
}

async function segments(pool: Pool): Promise<number> {
  return (await pool.query<{ n: number }>('select count(*)::int as n from segment')).rows[0]?.n ?? 0;
}

test('uninstalled it leaves its data only, and the lab leaves nothing', async () => {
  await appliance.uninstall('meter');
  await appliance.uninstall(OPERATOR);
  await appliance.kubectl('wait', '--for=delete', '--timeout=100s', 'pods', '--all');
  const left = await appliance.kubectl('get', 'all,pvc', '-o', 'name');
  expect(left.trim().split('\n').toSorted()).toEqual([
    'persistentvolumeclaim/data-meter-nats-0',
    'persistentvolumeclaim/data-meter-postgres-0',
    'persistentvolumeclaim/meter-backups',
  ]);
  const secrets = await appliance.kubectl('get', 'secrets', '-o', 'name');
  expect(secrets.trim().split('\n').toSorted()).toEqual([
    ...['admin', 'nats', 'postgres', 'service', 'trust'].map((name) => `secret/meter-${name}`),
    'secret/nats-certificate',
  ]);
  const traces = tracesOf(appliance.lab);
  await appliance.lab.stop();
  expect(remains(traces)).toEqual([]);
}, 200_000);

async function seenAgents(): Promise<number> {
  const sql = 'select count(*)::int as n from agent where last_seen_at is not null';
  return (await access.pool.query<{ n: number }>(sql)).rows[0]?.n ?? 0;
}

/** Pods of the parts that the operator rolls. */
async function podNames(): Promise<string[]> {
  const selector = 'app.kubernetes.io/component in (manager,ingest,portal)';
  const listed = await appliance.kubectl('get', 'pods', '-l', selector, '-o', 'name');
  return listed.trim().split('\n');
}

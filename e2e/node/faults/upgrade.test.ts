import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentProcess } from '@process-meter/e2e/stack/agent-process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accessTo, type Access } from '../agents.ts';
import { ready, startAppliance, type Appliance } from '../appliance.ts';
import { laterBundle, type LaterReleases } from '../later-release.ts';
import { nothingIsLost } from '../load.ts';
import { askAgainAndAgain } from '../poll.ts';

const LOADS = ['load-0', 'load-1'] as const;
/** First a column is added beside those that are used, then, a release later, it must be there: expand and contract. */
const EXPAND: LaterReleases[number] = {
  version: '0.2.0',
  migration: {
    name: '0900-expand',
    breaking: false,
    sql: `alter table session add column first_seen timestamptz default now()`,
  },
};
const CONTRACT: LaterReleases[number] = {
  version: '0.3.0',
  migration: {
    name: '0901-contract',
    breaking: true,
    sql: `update session set first_seen = started where first_seen is null;
          alter table session alter column first_seen set not null`,
  },
};

let appliance: Appliance;
let access: Access;
const load: AgentProcess[] = [];
const folder = mkdtempSync(join(tmpdir(), 'pm-node-upgrade-'));
const say = (line: string): void => void process.stdout.write(`upgrade: ${line}\n`);

beforeAll(async () => {
  appliance = await startAppliance(folder);
  await appliance.installOperator();
  await appliance.install('manager.replicas=2,ingest.replicas=2,portal.replicas=2');
  await ready(appliance);
  access = await accessTo(appliance, folder);
  for (const name of LOADS) load.push(await AgentProcess.load(await access.agent(name, '')));
}, 400_000);
afterAll(async () => {
  await Promise.all([...load.map((one) => one.stop()), access?.pool.end()]);
  await appliance?.lab.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

const PARTS = 'app.kubernetes.io/component in (manager,ingest,portal)';
const listed = async (path: string): Promise<string[]> => {
  const text = await appliance.kubectl('get', 'pods', '-l', PARTS, '-o', `jsonpath=${path}`);
  return text.trim().split('\n').toSorted();
};
const uids = (): Promise<string[]> => listed('{range .items[*]}{.metadata.uid}{"\\n"}{end}');
/** Versions of all pods of Manager, Ingest and portal that are there. */
const versions = async (): Promise<string[]> => {
  const images = await listed('{range .items[*]}{.spec.containers[0].image}{"\\n"}{end}');
  return [...new Set(images.map((image) => image.split(':').at(-1) ?? ''))];
};
const columns = async (): Promise<number | null> =>
  (
    await access.pool.query(
      `select from information_schema.columns where table_name = 'session' and column_name = 'first_seen'`,
    )
  ).rowCount;
const reason = (): Promise<string> =>
  appliance.kubectl(
    'get',
    'processmeter/meter',
    '-o',
    `jsonpath={.status.conditions[?(@.type=="Stalled")].reason}`,
  );

/** Moves to a version while agents send and everybody asks: nothing fails, and nothing is lost. */
async function move(version: string): Promise<void> {
  const asked = askAgainAndAgain([
    `http://${appliance.at('manager')}/healthz`,
    `http://${appliance.at('portal')}/sign-in`,
  ]);
  const start = Date.now();
  try {
    await appliance.upgrade(`version=${version}`);
    await expect.poll(versions, { timeout: 150_000, interval: 500 }).toEqual([version]);
    await ready(appliance);
  } finally {
    await asked.end();
  }
  const answers = await asked.end();
  say(
    `at ${version} after ${Math.round((Date.now() - start) / 1000)} s; ${answers.asked} requests, ${answers.failed.length} failed`,
  );
  expect(answers.failed).toEqual([]);
  await nothingIsLost({ agents: load, names: LOADS, folder, pool: access.pool, say });
}

/** The operator of a later release, from its bundle: no pod of the installation is touched by that. */
async function bring(releases: LaterReleases): Promise<void> {
  const { version = '' } = releases.at(-1) ?? {};
  await appliance.bring(await laterBundle(join(folder, version), releases, appliance.signingKey));
  const before = await uids();
  await appliance.upgradeOperator();
  await ready(appliance);
  expect(await uids()).toEqual(before);
}

test('a release that adds to the schema, and the way back from it, under load', async () => {
  await bring([EXPAND]);
  await move(EXPAND.version);
  expect(await columns()).toBe(1);
  await move('0.1.0');
  expect(await columns()).toBe(1);
}, 600_000);

test('a release is not skipped, and that touches nothing', async () => {
  await bring([EXPAND, CONTRACT]);
  const before = await uids();
  await appliance.upgrade(`version=${CONTRACT.version}`);
  await expect.poll(reason, { timeout: 30_000 }).toBe('UpgradeSkipsRelease');
  expect(await uids()).toEqual(before);
}, 400_000);

test('a release that takes from the schema comes after the one that added, and there is no way back from it', async () => {
  await move(EXPAND.version);
  await move(CONTRACT.version);
  const before = await uids();
  await appliance.upgrade(`version=${EXPAND.version}`);
  await expect.poll(reason, { timeout: 30_000 }).toBe('DowngradeRefused');
  expect(await uids()).toEqual(before);
  await appliance.upgrade(`version=${CONTRACT.version}`);
  await ready(appliance);
  await nothingIsLost({ agents: load, names: LOADS, folder, pool: access.pool, say });
}, 600_000);

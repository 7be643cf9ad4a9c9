import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RELEASES } from '@process-meter/operator/releases';
import type { Lab } from '@process-meter/e2e/lab';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { apiServer, type ApiServer } from './api-server.ts';
import { externalProcessMeter, externalSecrets } from './installation.ts';
import { until } from './owned-objects.ts';
import { laterRelease } from './testing/later-release.ts';
import { migrationPlayer, type MigrationPlayer } from './testing/migration-player.ts';
import { METER, operatedNamespace, type OperatedNamespace } from './testing/operated-namespace.ts';
import { recordRollouts, stepsTo, type RolloutRecord } from './testing/rollout-record.ts';
import { startLabWithDefinitions } from './world.ts';

const JOB_CONTROLLER = 'system:serviceaccount:kube-system:job-controller';
/** A release each: with the same schema, with newer ones, one of which only adds, and one that must not be reached in one step. */
const KNOWN = [
  RELEASES[0]!,
  laterRelease('0.2.0', {}),
  laterRelease('0.3.0', { schema: '9997-newer' }),
  laterRelease('0.4.0', { schema: '9998-newer' }),
  laterRelease('0.4.1', { schema: '9998-with-more', worksWith: '9998-newer' }),
  laterRelease('0.5.0', { schema: '9999-newer' }),
  laterRelease('1.0.0', { schema: '9999-newer', from: '0.5.0' }),
];
/** Part by part. */
const IN_ORDER = ['manager', 'ingest', 'portal'].flatMap((part) => [
  `meter-${part} begins`,
  `meter-${part} is done`,
]);

const componentsOf = (version: string): object[] =>
  ['Manager', 'Ingest', 'Portal'].map((name) => ({ name, ready: 2, desired: 2, version }));

let lab: Lab;
let api: ApiServer;
let place: OperatedNamespace;
let migrations: MigrationPlayer;
let record: RolloutRecord;
let newOperator: { PM_RELEASES_FILE: string };

beforeAll(async () => {
  lab = await startLabWithDefinitions({ nodes: 2, availableAtOnce: true });
  api = apiServer(lab);
  place = await operatedNamespace(lab, 'upgrades');
  migrations = migrationPlayer(lab, place, ['fake-0', 'fake-1']);
  newOperator = { PM_RELEASES_FILE: join(lab.folder, 'releases.json') };
  writeFileSync(newOperator.PM_RELEASES_FILE, JSON.stringify(KNOWN));
  await place.apply([...externalSecrets(), externalProcessMeter()]);
  await place.operate();
  await place.ready();
  record = recordRollouts(api, place.name);
});
afterAll(async () => {
  record?.stop();
  await place?.stop();
  api?.close();
  await lab?.stop();
});

/** What runs, with what it was made from: whatever is touched differs. */
async function untouched(): Promise<Record<string, string>> {
  const all = await place.list('pods,deployments,services,configmaps,ingresses,manager,ingest,portal');
  return Object.fromEntries(
    all
      .filter(({ metadata }) => !metadata.name.startsWith('meter-migrate'))
      .map(({ kind, metadata }) => [`${kind}/${metadata.name}`, `${metadata.uid} ${metadata.generation}`]),
  );
}

const versions = async (): Promise<string> =>
  place.kubectl('get', METER, '-o', 'jsonpath={.status.version} {.status.schemaVersion}');

/** States with fewer pods that answer than are wanted. */
const tooFew = (): object[] => record.states.filter(({ available, wanted }) => available < wanted);

/** The first write by which the operator touched a part since then. */
async function firstTouch(since: number): Promise<string> {
  const parts = ['managers', 'ingests', 'portals', 'deployments', 'configmaps'];
  const touched = (await place.writes(since)).find(
    ({ objectRef }) => parts.includes(objectRef?.resource ?? '') && objectRef?.subresource === '',
  );
  return touched?.requestReceivedTimestamp ?? 'never';
}

/** The last word of the Job controller on a Job. */
async function endOf(job: string): Promise<string> {
  const written = await lab.auditLog({ user: JOB_CONTROLLER, resource: 'jobs' });
  const last = written.filter(({ objectRef }) => objectRef?.name === job).at(-1);
  if (last === undefined) throw new Error(`the Job controller wrote nothing of ${job}`);
  return last.requestReceivedTimestamp;
}

test('an operator that knows more releases writes nothing', async () => {
  expect(await place.writesAtRest()).toEqual([]);
  const before = await untouched();
  const since = Date.now();
  const operator = await place.operate(newOperator);
  await until('it leads', () => operator.log().some(({ msg }) => msg === 'leading'));
  expect(await place.writesAtRest()).toEqual([]);
  expect(await place.writes(since)).toEqual([]);
  expect(await untouched()).toEqual(before);
});

test('a supervised move touches nothing before it is approved', async () => {
  const before = await untouched();
  const since = Date.now();
  await place.change({ version: '0.2.0', upgrade: { strategy: 'Supervised' } });
  await place.says('Stalled', 'True UpgradeNotApproved', '0.1.0 goes on running');
  expect(await firstTouch(since)).toBe('never');
  expect(await untouched()).toEqual(before);
});

test('a release with the same schema, approved: part by part, and never a pod too few', async () => {
  await place.change({ upgrade: { approvedVersion: '0.2.0' } });
  await place.ready();
  await place.change({ upgrade: null });
  expect(await versions()).toBe(`0.2.0 ${KNOWN[0]?.schema}`);
  expect(stepsTo('0.2.0', record.states)).toEqual(IN_ORDER);
  expect(tooFew()).toEqual([]);
});

test('a migration that fails: it says so, nothing is rolled, and the way back is open', async () => {
  const before = await untouched();
  await migrations.hold();
  await place.change({ version: '0.3.0' });
  await place.says('SchemaReady', 'False Migrating', 'brings the database to 9997-newer');
  await migrations.begin('0.3.0');
  await migrations.fail('0.3.0');
  await place.says('Stalled', 'True MigrationFailed', 'delete the Job to try again');
  expect(await untouched()).toEqual(before);
  expect((await place.find(METER))?.status).toMatchObject({ components: componentsOf('0.2.0') });

  await place.change({ version: '0.2.0' });
  await place.ready();
  expect(await untouched()).toEqual(before);
  expect(await migrations.jobOf('0.3.0')).toBeUndefined();
});

test('once repaired it goes on: the migration is through before any part is touched', async () => {
  const since = Date.now();
  await place.change({ version: '0.3.0' });
  await place.says('SchemaReady', 'False Migrating');
  await migrations.fail('0.3.0');
  await place.says('Stalled', 'True MigrationFailed');
  await place.kubectl('delete', `job/${(await migrations.jobOf('0.3.0')) ?? ''}`);
  await place.says('SchemaReady', 'False Migrating');
  expect(await firstTouch(since)).toBe('never');
  await migrations.release();
  await place.ready();
  expect(await versions()).toBe('0.3.0 9997-newer');
  const end = await endOf((await migrations.jobOf('0.3.0')) ?? '');
  const touch = await firstTouch(since);
  expect([end, touch]).toEqual([end, touch].toSorted());
  expect(stepsTo('0.3.0', record.states)).toEqual(IN_ORDER);
  expect(tooFew()).toEqual([]);
});

test.each([
  ['back past the schema', '0.2.0', 'True DowngradeRefused', '9997-newer has run'],
  ['past a release that must not be skipped', '1.0.0', 'True UpgradeSkipsRelease', 'from 0.5.0 on'],
])('a move %s is refused, and nothing that runs is touched', async (_, version, reason, message) => {
  const before = await untouched();
  const since = Date.now();
  await place.change({ version });
  await place.says('Stalled', reason, message);
  expect(await firstTouch(since)).toBe('never');
  await place.change({ version: '0.3.0' });
  await place.ready();
  expect(await untouched()).toEqual(before);
});

test('a migration that was through while no operator ran keeps the way back shut', async () => {
  const before = await untouched();
  await migrations.hold();
  await place.change({ version: '0.4.0' });
  await place.says('SchemaReady', 'False Migrating');
  await place.stop();
  await place.change({ version: '0.3.0' });
  await migrations.begin('0.4.0');
  await migrations.succeed('0.4.0');
  await place.operate(newOperator);
  await place.says('Stalled', 'True DowngradeRefused', '9998-newer has run');
  expect(await versions()).toBe('0.3.0 9998-newer');
  expect(await untouched()).toEqual(before);
  await migrations.release();
  await place.change({ version: '0.4.0' });
  await place.ready();
  expect(await versions()).toBe('0.4.0 9998-newer');
});

test('a way back waits for a migration that a pod works on, and for no other', async () => {
  const before = await untouched();
  await migrations.hold();
  await place.change({ version: '0.5.0' });
  await place.says('SchemaReady', 'False Migrating');
  await place.change({ version: '0.4.0' });
  await place.ready();
  expect(await migrations.jobOf('0.5.0')).toBeUndefined();

  await place.change({ version: '0.5.0' });
  await place.says('SchemaReady', 'False Migrating');
  await migrations.begin('0.5.0');
  await place.change({ version: '0.4.0' });
  await place.says('SchemaReady', 'False Migrating', 'is known when the Job has ended');
  expect(await migrations.jobOf('0.5.0')).toBeDefined();
  await migrations.fail('0.5.0');
  await place.ready();
  expect(await versions()).toBe('0.4.0 9998-newer');
  expect(await untouched()).toEqual(before);
  await migrations.release();
});

test('an operator from before the release leaves it as it is, and the next one finds nothing to do', async () => {
  const before = await untouched();
  const since = Date.now();
  await place.operate();
  await place.says('Stalled', 'True UnknownRelease', 'it knows 0.1.0');
  expect(await firstTouch(since)).toBe('never');
  await place.operate(newOperator);
  await place.says('Ready', 'True Running');
  expect(await firstTouch(since)).toBe('never');
  expect(await untouched()).toEqual(before);
});

test('past a migration that only added the way back is open, and the older release brings no migration', async () => {
  await place.change({ version: '0.4.1' });
  await place.ready();
  expect(await versions()).toBe('0.4.1 9998-with-more');
  await place.change({ version: '0.4.0' });
  await place.ready();
  expect(await versions()).toBe('0.4.0 9998-with-more');
  expect(await migrations.jobOf('0.4.0')).toBeUndefined();
  await place.change({ version: '0.3.0' });
  await place.says('Stalled', 'True DowngradeRefused', '9998-with-more has run');
});

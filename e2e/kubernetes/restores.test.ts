import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RELEASES } from '@process-meter/operator/releases';
import type { Lab } from '@process-meter/e2e/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeVolumes } from './docs/volumes.ts';
import { evaluationProcessMeter, externalProcessMeter, externalSecrets } from './installation.ts';
import { until } from './owned-objects.ts';
import { BACKUP_SPEC, FILE, KEY_SECRET, RESULT, WORD, backup, restore } from './testing/backup-objects.ts';
import { jobPlayer, type JobPlayer } from './testing/job-player.ts';
import { laterRelease } from './testing/later-release.ts';
import {
  METER,
  operatedNamespace,
  type Found,
  type OperatedNamespace,
} from './testing/operated-namespace.ts';
import { told } from './testing/writes.ts';
import { startLabWithDefinitions } from './world.ts';

const KIND = 'processmeterrestore';
const IMAGE = '{.spec.template.spec.containers[0].image}';
const RESTORED_DATABASE: object = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'meter-database-restored' },
  stringData: { uri: 'postgres://meter:secret@other.corp.local:7432/meter_restored' },
};
const INTO = { databaseSecretRef: { name: 'meter-database-restored' } };
const INGEST = 'app.kubernetes.io/component=ingest';
const PODS_OF = 'app.kubernetes.io/component in (manager,ingest)';

let lab: Lab;
let external: OperatedNamespace;
let embedded: OperatedNamespace;

beforeAll(async () => {
  lab = await startLabWithDefinitions({ nodes: 2, availableAtOnce: true });
  await makeVolumes(lab, 4);
  [external, embedded] = await Promise.all([
    operatedNamespace(lab, 'restores-external'),
    operatedNamespace(lab, 'restores-embedded'),
  ]);
  await external.apply([...externalSecrets(), externalProcessMeter({ backup: BACKUP_SPEC })]);
  await embedded.apply([evaluationProcessMeter({ backup: BACKUP_SPEC }), KEY_SECRET]);
  await Promise.all([external.operate(), embedded.operate()]);
  await Promise.all([external.ready(), embedded.ready()]);
});
afterAll(async () => {
  await Promise.all([external?.stop(), embedded?.stop()]);
  await lab?.stop();
});

const playerOf = (place: OperatedNamespace): JobPlayer => jobPlayer(lab, place, ['fake-0', 'fake-1']);
const conditionOf = async (place: OperatedNamespace, name: string, type: string): Promise<string> => {
  const found = (await place.find(`${KIND}/${name}`))?.status.conditions.find((one) => one.type === type);
  return found === undefined ? '' : `${found.status} ${found.reason}: ${found.message}`;
};
/** Waits until it is said. @returns the whole of it */
async function says(
  place: OperatedNamespace,
  name: string,
  [type, wanted]: [type: string, wanted: string],
): Promise<string> {
  let last = '';
  await until(`${type} of ${name} is ${wanted}`, async () => {
    last = await conditionOf(place, name, type);
    return last.includes(wanted);
  });
  return last;
}
const podsOf = async (place: OperatedNamespace): Promise<string[]> =>
  (await place.kubectl('get', 'pods', '-l', PODS_OF, '-o', 'jsonpath={.items[*].metadata.uid}'))
    .split(' ')
    .filter((uid) => uid !== '')
    .toSorted();
const argsOf = async (place: OperatedNamespace, job: string): Promise<string[]> =>
  JSON.parse(
    await place.kubectl('get', 'job', job, '-o', 'jsonpath={.spec.template.spec.containers[0].args}'),
  );

/** A pod of Ingest that does not end, whoever ends it. @returns what lets it end */
async function stubbornIngest(place: OperatedNamespace): Promise<() => Promise<void>> {
  const listed = await place.kubectl('get', 'pods', '-l', INGEST, '-o', 'name');
  const [name = ''] = listed.trim().split('\n');
  const finalizers = async (all: string[]): Promise<void> => {
    const patch = JSON.stringify({ metadata: { finalizers: all } });
    await place.kubectl('patch', name, '--type=merge', '-p', patch);
  };
  await finalizers(['lab.example/stays']);
  return () => finalizers([]);
}

async function partSays(place: OperatedNamespace, kind: string, reason: string): Promise<void> {
  await until(`${kind} is ${reason}`, async () => {
    const found = await place.find(`${kind}.processmeter.io/meter`);
    return found?.status.conditions.some((one) => one.type === 'Ready' && one.reason === reason) === true;
  });
}

describe('into an empty database of yours', () => {
  let jobs: JobPlayer;
  let runs: string[] = [];

  beforeAll(async () => {
    jobs = playerOf(external);
    runs = await podsOf(external);
    await jobs.hold();
  });
  afterAll(() => jobs.release());

  test('what it names is waited for, one after the other, each by its name', async () => {
    const missing = { databaseSecretRef: { name: 'nowhere' } };
    await external.apply([restore('early', { from: { backupName: 'night' }, ...missing })]);
    await says(external, 'early', [
      'Reconciling',
      'True ReferenceMissing: There is no ProcessMeterBackup night',
    ]);
    await external.apply([backup('night')]);
    await says(external, 'early', ['Reconciling', 'ProcessMeterBackup night is not done yet']);
    await jobs.succeed(await jobs.jobOf('processmeterbackup/night'), WORD);
    await says(external, 'early', ['Stalled', 'True SecretMissing: There is no Secret meter-backup-key']);
    await external.apply([KEY_SECRET]);
    const said = await says(external, 'early', ['Stalled', 'True SecretMissing: There is no Secret nowhere']);
    expect(said).toBe('True SecretMissing: There is no Secret nowhere.');
    await external.kubectl('delete', `${KIND}/early`);
  });

  test('without one the database of the installation, which is yours, is left alone', async () => {
    await external.apply([restore('in-place')]);
    const said = await says(external, 'in-place', ['Stalled', 'True DatabaseNeeded']);
    expect(said).toContain('The database of ProcessMeter meter is yours');
    expect((await external.list('jobs')).filter(({ metadata }) => metadata.name.startsWith('in-'))).toEqual(
      [],
    );
  });

  test('an object of a bucket needs an installation that says where the bucket is', async () => {
    const object = `s3://backups/site-a/${FILE}`;
    await external.apply([restore('of-bucket', { from: { location: object }, ...INTO })]);
    const said = await says(external, 'of-bucket', ['Stalled', 'True NoBackupTarget']);
    expect(said).toContain(`it does not say which server has ${object}`);
    await external.kubectl('delete', `${KIND}/of-bucket`);
  });

  test('of a backup that failed needs another one', async () => {
    await external.apply([backup('broken'), RESTORED_DATABASE]);
    await jobs.fail(await jobs.jobOf('processmeterbackup/broken'), 'backup: no space left on device');
    await external.apply([restore('of-broken', { from: { backupName: 'broken' }, ...INTO })]);
    const said = await says(external, 'of-broken', ['Stalled', 'True ReferenceMissing']);
    expect(said).toContain('ProcessMeterBackup broken has failed');
  });

  test('a Job restores and checks, may reach the port of that database, and tells what it brought', async () => {
    await external.apply([restore('of-night', { from: { backupName: 'night' }, ...INTO })]);
    const job = await jobs.jobOf(`${KIND}/of-night`);
    const args = await argsOf(external, job);
    expect(args.join(' ')).toBe(
      `--from /backups/${FILE} --key /key/backup.key --result /dev/termination-log`,
    );
    const policy = await external.find(`networkpolicy/${job}`);
    expect(policy?.spec).toMatchObject({
      podSelector: { matchLabels: { 'app.kubernetes.io/component': 'restore' } },
      egress: [{ ports: [{ port: 53 }, { port: 53 }] }, { ports: [{ port: 7432, protocol: 'TCP' }] }],
    });
    await jobs.succeed(job, WORD);
    await says(external, 'of-night', [
      'Ready',
      `True Restored: ${RESULT.rows} rows of ${RESULT.tables} tables`,
    ]);
    expect((await external.find(`${KIND}/of-night`))?.status).toMatchObject({
      location: FILE,
      rows: RESULT.rows,
      asOf: RESULT.asOf,
    });
  });

  test('one that fails says why, and nothing is tried again', async () => {
    await external.apply([restore('wrong-key', INTO)]);
    const job = await jobs.jobOf(`${KIND}/wrong-key`);
    await jobs.fail(job, `backup: ${FILE} cannot be decrypted with this key`);
    await says(external, 'wrong-key', [
      'Stalled',
      `True RestoreFailed: Nothing was changed: Job ${job} failed`,
    ]);
    const since = Date.now();
    await external.kubectl('annotate', `${KIND}/wrong-key`, 'processmeter.io/reconcile-at=1');
    await external.apply([backup('another')]);
    await jobs.jobOf('processmeterbackup/another');
    const lines = told(await external.writes(since)).filter((line) => line.includes('wrong-key'));
    expect(lines).toEqual([]);
  });

  test('the installation was left as it is by all of them', async () => {
    expect(await podsOf(external)).toEqual(runs);
    expect((await external.find('secret/meter-database'))?.data['uri']).toBe(
      Buffer.from('postgres://meter:secret@db.corp.local:6432/meter').toString('base64'),
    );
    await external.ready();
  });

  test('once the installation names it, no pod begins on it while one works with the database before', async () => {
    await jobs.release();
    const letGo = await stubbornIngest(external);
    await external.change({ database: { external: { secretRef: { name: 'meter-database-restored' } } } });
    await partSays(external, 'ingest', 'ChangingDatabase');
    await until('all other pods of Ingest have ended', async () => {
      const pods = await external.kubectl('get', 'pods', '-l', INGEST, '-o', 'name');
      return pods.trim().split('\n').length === 1;
    });
    // It hears of the end of a pod a moment after the API server.
    const left = '1 pod of meter-ingest is still ending';
    expect(await external.says('Ready', 'False IngestNotReady', left)).toContain(
      'begins on another database',
    );
    expect((await external.find('deployment/meter-ingest'))?.spec).toMatchObject({ replicas: 0 });
    await letGo();
    await external.ready();
    const now = await podsOf(external);
    expect(now).toHaveLength(4);
    expect(now.filter((uid) => runs.includes(uid))).toEqual([]);
    expect(await external.writesAtRest()).toEqual([]);
  });

  test('another password of the same database replaces pods one by one', async () => {
    const uri = 'postgres://meter:changed@other.corp.local:7432/meter_restored';
    const seen: unknown[] = [];
    let over = false;
    const watching = (async () => {
      while (!over) seen.push((await external.find('deployment/meter-ingest'))?.spec['replicas']);
    })();
    const before = await podsOf(external);
    await external.apply([{ ...RESTORED_DATABASE, stringData: { uri } }]);
    await until('all pods are new', async () => {
      const now = await podsOf(external);
      return now.length === 4 && now.every((uid) => !before.includes(uid));
    });
    await external.ready();
    over = true;
    await watching;
    expect(new Set(seen)).toEqual(new Set([2]));
  });
});

describe('in place of the database that the operator runs', () => {
  let jobs: JobPlayer;
  let runs: string[] = [];

  beforeAll(async () => {
    jobs = playerOf(embedded);
    await jobs.hold();
    runs = await podsOf(embedded);
  });
  afterAll(() => jobs.release());

  const databaseName = async (): Promise<string> => {
    const { data } = (await embedded.find('secret/meter-postgres'))!;
    return new URL(Buffer.from(data['uri'] ?? '', 'base64').toString()).pathname.slice(1);
  };
  const statusOf = async (name: string): Promise<Found['status']> =>
    (await embedded.find(`${KIND}/${name}`))!.status;
  test('a new database is filled and checked beside it while everything runs', async () => {
    await embedded.apply([restore('damaged')]);
    const job = await jobs.jobOf(`${KIND}/damaged`);
    const { uid } = (await embedded.find(`${KIND}/damaged`))!.metadata;
    const database = `meter_restored_${uid.slice(0, 8)}`;
    expect((await argsOf(embedded, job)).join(' ')).toContain(`--into ${database} `);
    expect(await statusOf('damaged')).toMatchObject({ step: 'Restoring', database });
    expect((await embedded.find(`networkpolicy/${job}`))?.spec).toMatchObject({
      egress: [
        { ports: [{ port: 53 }, { port: 53 }] },
        { to: [{ podSelector: { matchLabels: { 'app.kubernetes.io/component': 'postgres' } } }] },
      ],
    });
    expect(runs).toHaveLength(4);
    expect(await podsOf(embedded)).toEqual(runs);
  });

  test('a paused installation is not touched until the pause is taken back', async () => {
    await embedded.change({ paused: true });
    await embedded.apply([restore('paused')]);
    const said = await says(embedded, 'paused', ['Reconciling', 'True PausedByUser']);
    expect(said).toContain('ProcessMeter meter is paused');
    await embedded.kubectl('delete', `${KIND}/paused`);
    await embedded.change({ paused: false });
    await embedded.ready();
  });

  test('another one waits for it', async () => {
    await embedded.apply([restore('second')]);
    const said = await says(embedded, 'second', ['Reconciling', 'True Restoring']);
    expect(said).toContain('ProcessMeterRestore damaged is at work');
    await embedded.kubectl('delete', `${KIND}/second`);
  });

  test('when it fails, nothing has been stopped or changed', async () => {
    const { jobName } = await statusOf('damaged');
    await jobs.fail(String(jobName), 'backup: the backup is damaged or not whole');
    await says(embedded, 'damaged', ['Stalled', 'True RestoreFailed']);
    await embedded.ready();
    expect(await podsOf(embedded)).toEqual(runs);
    expect(await databaseName()).toBe('meter');
  });

  test('before the switch the writers end; one that is called off lets them begin again on the old one', async () => {
    const letGo = await stubbornIngest(embedded);
    await embedded.apply([restore('called-off')]);
    await jobs.succeed(await jobs.jobOf(`${KIND}/called-off`), WORD);
    await says(embedded, 'called-off', ['Reconciling', '1 pod of meter-ingest is still ending']);
    await Promise.all(['manager', 'ingest'].map((kind) => partSays(embedded, kind, 'ChangingDatabase')));
    await embedded.says('Ready', 'False ManagerNotReady', 'until ProcessMeterRestore called-off has changed');
    await partSays(embedded, 'portal', 'RolledOut');
    expect(await databaseName()).toBe('meter');
    await embedded.kubectl('delete', `${KIND}/called-off`);
    await letGo();
    await jobs.release();
    await embedded.ready();
    expect(await databaseName()).toBe('meter');
    expect(await podsOf(embedded)).toHaveLength(4);
  });

  test('an operator that is killed while the writers end is followed by one that goes on there', async () => {
    await jobs.hold();
    const letGo = await stubbornIngest(embedded);
    await embedded.apply([restore('back')]);
    const job = await jobs.jobOf(`${KIND}/back`);
    const operator = await embedded.operate();
    await says(embedded, 'back', ['Reconciling', `Job ${job}`]);
    await operator.stop('SIGKILL');
    await jobs.succeed(job, WORD);
    const next = await embedded.operate();
    await says(embedded, 'back', ['Reconciling', '1 pod of meter-ingest is still ending']);
    expect(await statusOf('back')).toMatchObject({ step: 'Stopping', rows: RESULT.rows });
    await next.stop('SIGKILL');
    expect(await databaseName()).toBe('meter');
    await letGo();
    await embedded.operate();
    await jobs.release();
    await says(embedded, 'back', ['Ready', `True Restored: Everything is as of ${RESULT.asOf}`]);
    const status = await statusOf('back');
    expect(status).toMatchObject({ step: 'Starting', previousDatabase: 'meter' });
    expect(await databaseName()).toBe(status['database']);
  });

  test('then all runs on the new database, migrated, with as many pods as before, and nothing is written', async () => {
    await embedded.ready();
    expect(await podsOf(embedded)).toHaveLength(4);
    const complete = (await embedded.list('jobs')).filter(({ metadata }) =>
      metadata.name.startsWith('meter-migrate'),
    );
    expect(complete).toHaveLength(1);
    expect(await embedded.writesAtRest()).toEqual([]);
  });

  test('it is the way back past a migration: the older release restores, and the newer schema is forgotten, once', async () => {
    const file = join(lab.folder, 'releases.json');
    writeFileSync(file, JSON.stringify([RELEASES[0]!, laterRelease('0.2.0', { schema: '9999-newer' })]));
    await embedded.operate({ PM_RELEASES_FILE: file });
    const versions = (): Promise<string> =>
      embedded.kubectl('get', METER, '-o', 'jsonpath={.status.version} {.status.schemaVersion}');
    await embedded.change({ version: '0.2.0' });
    await embedded.ready();
    expect(await versions()).toBe('0.2.0 9999-newer');
    await embedded.change({ version: '0.1.0' });
    await embedded.says('Stalled', 'True DowngradeRefused');

    await jobs.hold();
    await embedded.apply([restore('way-back')]);
    const job = await jobs.jobOf(`${KIND}/way-back`);
    const image = await embedded.kubectl('get', 'job', job, '-o', `jsonpath=${IMAGE}`);
    expect(image).toMatch(/\/manager:0\.1\.0$/);
    await jobs.succeed(job, WORD);
    await jobs.release();
    await says(embedded, 'way-back', ['Ready', 'True Restored']);
    await embedded.ready();
    expect(await versions()).toBe(`0.1.0 ${RELEASES[0]!.schema}`);

    await embedded.change({ version: '0.2.0' });
    await embedded.ready();
    await embedded.change({ version: '0.1.0' });
    await embedded.says('Stalled', 'True DowngradeRefused');
  }, 240_000);
});

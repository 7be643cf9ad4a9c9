import type { Lab } from '@process-meter/e2e/lab';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { externalProcessMeter, externalSecrets } from './installation.ts';
import { until } from './owned-objects.ts';
import { BACKUP_SPEC, FILE, RESULT, WORD, backup } from './testing/backup-objects.ts';
import { jobPlayer, type JobPlayer } from './testing/job-player.ts';
import { METER, operatedNamespace, type OperatedNamespace } from './testing/operated-namespace.ts';
import { told } from './testing/writes.ts';
import { startLabWithDefinitions } from './world.ts';

const KIND = 'processmeterbackup';

let lab: Lab;
let place: OperatedNamespace;
let jobs: JobPlayer;

beforeAll(async () => {
  lab = await startLabWithDefinitions({ nodes: 2, availableAtOnce: true });
  place = await operatedNamespace(lab, 'backups');
  jobs = jobPlayer(lab, place, ['fake-0', 'fake-1']);
  await place.operate();
});
afterAll(async () => {
  await place?.stop();
  await lab?.stop();
});

const conditionOf = async (name: string, type = 'Ready'): Promise<string> => {
  const found = (await place.find(`${KIND}/${name}`))?.status.conditions.find((one) => one.type === type);
  return found === undefined ? '' : `${found.status} ${found.reason}: ${found.message}`;
};
/** Waits until it is said. @returns the whole of it */
async function says(name: string, wanted: string, type = 'Ready'): Promise<string> {
  let last = '';
  await until(`${type} of ${name} is ${wanted}`, async () => {
    last = await conditionOf(name, type);
    return last.includes(wanted);
  });
  return last;
}

const jobSchema = z.looseObject({
  metadata: z.looseObject({
    labels: z.record(z.string(), z.string()),
    ownerReferences: z.array(z.looseObject({ kind: z.string(), name: z.string(), controller: z.boolean() })),
  }),
  spec: z.looseObject({ template: z.looseObject({ spec: z.looseObject({}) }) }),
});
const podSpecSchema = z.looseObject({ containers: z.array(z.looseObject({ args: z.array(z.string()) })) });

const podIn = async (what: string, path: string): Promise<z.output<typeof podSpecSchema>> =>
  podSpecSchema.parse(JSON.parse(await place.kubectl('get', what, '-o', `jsonpath=${path}`)));

/** What the Job controller and the API server add differs by the kind that a template stands in. */
function withoutArgs({ containers, ...spec }: z.output<typeof podSpecSchema>): object {
  return { ...spec, containers: containers.map((container) => ({ ...container, args: [] })) };
}

describe('before there is anything to back up', () => {
  test('a backup waits for its ProcessMeter, and for the first time that it is ready', async () => {
    await place.apply([backup('early')]);
    await says('early', 'True NoProcessMeter: There is no ProcessMeter meter', 'Reconciling');
    await place.apply([externalProcessMeter()]);
    await says('early', 'True NotReached: ProcessMeter meter has never been ready', 'Reconciling');
    expect(await place.list('jobs')).toEqual([]);
  });

  test('where the installation says nothing of backups it needs a person, and goes on once that is said', async () => {
    await place.apply(externalSecrets());
    await place.ready();
    const said = await says('early', 'True NoBackupTarget', 'Stalled');
    expect(said).toContain('ProcessMeter meter has no spec.backup');
    await jobs.hold();
    await place.change({ backup: BACKUP_SPEC });
    await says('early', 'True BackingUp', 'Reconciling');
  });
});

describe('a backup', () => {
  let job = '';

  test('is one Job of its own, with the pod of the schedule, which only removes no other backup', async () => {
    job = await jobs.jobOf(`${KIND}/early`);
    const found = jobSchema.parse(JSON.parse(await place.kubectl('get', 'job', job, '-o', 'json')));
    expect(found.metadata.ownerReferences).toMatchObject([
      { kind: 'ProcessMeterBackup', name: 'early', controller: true },
    ]);
    expect(found.metadata.labels).toMatchObject({ 'app.kubernetes.io/component': 'backup' });
    await place.ready();
    const own = await podIn(`job/${job}`, '{.spec.template.spec}');
    const scheduled = await podIn('cronjob/meter-backup', '{.spec.jobTemplate.spec.template.spec}');
    expect(withoutArgs(own)).toEqual(withoutArgs(scheduled));
    const [{ args: ownArgs }, { args: scheduledArgs }] = [own.containers[0]!, scheduled.containers[0]!];
    const keep = scheduledArgs.indexOf('--keep');
    expect(keep).toBeGreaterThan(0);
    expect(ownArgs).toEqual(scheduledArgs.toSpliced(keep, 2));
  });

  test('says what its pod waits for', async () => {
    const said = await says('early', 'it waits');
    expect(said).toContain(`BackingUp: Job ${job} backs up the database; it waits: 0/2 nodes are available`);
  });

  test('that is made while no operator runs is told by the next one, with where it is and what is in it', async () => {
    const operator = await place.operate();
    await says('early', 'BackingUp');
    await operator.stop('SIGKILL');
    await jobs.succeed(job, WORD);
    expect(await conditionOf('early')).toContain('False BackingUp');
    await place.operate();
    await says('early', `True BackedUp: ${RESULT.rows} rows of ${RESULT.tables} tables are in ${FILE}.`);
    expect((await place.find(`${KIND}/early`))?.status).toMatchObject({
      jobName: job,
      location: FILE,
      size: '1.2Mi',
      sizeBytes: RESULT.bytes,
      rows: RESULT.rows,
      sha256: RESULT.sha256,
      asOf: RESULT.asOf,
      schemaVersion: RESULT.schemaVersion,
      productVersion: RESULT.version,
      startedAt: expect.stringMatching(/^20/),
      completedAt: expect.stringMatching(/^20/),
    });
    const row = (await place.kubectl('get', 'pmbackup', '--no-headers')).trim().split(/\s+/);
    expect(row.slice(0, 5)).toEqual(['early', 'meter', 'True', 'BackedUp', '1.2Mi']);
  });

  test('stays a record: its Job may go, its spec cannot change, and nothing is written again', async () => {
    const since = Date.now();
    await place.kubectl('delete', 'job', job);
    const other = JSON.stringify({ spec: { processMeter: { name: 'other' } } });
    const change = place.kubectl('patch', `${KIND}/early`, '--type=merge', '-p', other);
    await expect(change).rejects.toThrow('make another ProcessMeterBackup');
    await place.kubectl('annotate', `${KIND}/early`, 'processmeter.io/reconcile-at=1');
    await place.change({ logLevel: 'Debug' });
    await jobs.release();
    await place.ready();
    const written = told(await place.writes(since));
    expect(written.filter((line) => /processmeterbackups|\/jobs/.test(line))).toEqual([]);
    const names = (await place.list('jobs')).map(({ metadata }) => metadata.name);
    expect(names).not.toContain(job);
  });

  test('of the longest name has a Job that can be', async () => {
    await jobs.hold();
    const name = 'b'.repeat(52);
    await place.apply([backup(name)]);
    const made = await jobs.jobOf(`${KIND}/${name}`);
    expect(made).toMatch(/^b{52}-[0-9a-f]{8}$/);
    expect(made.length).toBeLessThanOrEqual(63);
  });
});

describe('a backup that fails', () => {
  let job = '';

  test('is told with the last line of its pod, and is not tried again', async () => {
    await place.apply([backup('failing')]);
    job = await jobs.jobOf(`${KIND}/failing`);
    await jobs.fail(job, 'backup: segment\nbackup: connect ECONNREFUSED 10.0.0.5:5432\n');
    await says('failing', 'True BackupFailed', 'Stalled');
    expect(await conditionOf('failing')).toBe(
      `False BackupFailed: Job ${job} failed (Job has reached the specified backoff limit): backup: connect ECONNREFUSED 10.0.0.5:5432`,
    );
    const since = Date.now();
    await place.kubectl('annotate', `${KIND}/failing`, 'processmeter.io/reconcile-at=1');
    await place.kubectl('delete', 'job', job);
    await place.change({ logLevel: 'Info' });
    await until('the operator has looked', async () => (await place.writes(since)).length > 0);
    expect(told(await place.writes(since)).filter((line) => line.includes('jobs'))).toEqual([]);
    expect(await conditionOf('failing', 'Stalled')).toContain('True BackupFailed');
  });

  test('without a word that can be read counts as failed, although its Job is complete', async () => {
    await place.apply([backup('speechless')]);
    await jobs.succeed(await jobs.jobOf(`${KIND}/speechless`), 'bye');
    const said = await says('speechless', 'True BackupFailed', 'Stalled');
    expect(said).toContain('is complete, but what it said of its work cannot be read');
  });

  test('because somebody deleted its Job says so', async () => {
    await place.apply([backup('robbed')]);
    await place.kubectl('delete', 'job', await jobs.jobOf(`${KIND}/robbed`));
    await says('robbed', 'True BackupFailed: Job robbed-', 'Stalled');
    expect(await conditionOf('robbed')).toContain('is gone');
  });
});

test('a paused backup is left alone until the pause is taken back', async () => {
  const paused = { ...backup('paused') } as { metadata: object };
  const annotations = { 'processmeter.io/paused': 'true' };
  await place.apply([{ ...paused, metadata: { name: 'paused', annotations } }, backup('beside')]);
  await jobs.jobOf(`${KIND}/beside`);
  expect(await conditionOf('paused')).toBe('');
  await place.kubectl('annotate', `${KIND}/paused`, 'processmeter.io/paused-');
  await jobs.jobOf(`${KIND}/paused`);
});

test('a backup that is deleted takes its Job and its pod along, without a finalizer', async () => {
  const job = await jobs.jobOf(`${KIND}/beside`);
  const finalizers = await place.kubectl('get', `${KIND}/beside`, '-o', 'jsonpath={.metadata.finalizers}');
  expect(finalizers).toBe('');
  await place.kubectl('delete', `${KIND}/beside`);
  const left = async (): Promise<string> =>
    place.kubectl('get', 'jobs,pods', '-l', `batch.kubernetes.io/job-name=${job}`, '-o', 'name');
  await until('Job and pod are gone', async () => (await left()).trim() === '');
});

test('backups outlive their ProcessMeter', async () => {
  await place.kubectl('delete', METER);
  expect(await conditionOf('early')).toContain('True BackedUp');
});

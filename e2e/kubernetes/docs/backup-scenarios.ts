import { until } from '../owned-objects.ts';
import { KEY_SECRET, backup, restore } from '../testing/backup-objects.ts';
import { giveRoom, takeRoom, type RunbookWorld } from './runbook-world.ts';
import { upgrade, type Scenario } from './scenarios.ts';

const BACKUP = 'processmeterbackup/before-upgrade';
const RESTORE = 'processmeterrestore/back';
const MANAGER = 'manager.processmeter.io/meter';
const INGEST_PODS = ['pods', '-l', 'app.kubernetes.io/component=ingest', '-o', 'name'];

/** Asks for a backup or a restore, whose pod finds no room. @returns the name of its Job */
async function askWithoutRoom(world: RunbookWorld, what: string, object: object): Promise<string> {
  await takeRoom(world);
  await world.kubectl('delete', what, '--ignore-not-found');
  await world.apply([KEY_SECRET, object]);
  let job = '';
  await until(`${what} has a Job`, async () => {
    job = (await world.kubectl('get', what, '-o', 'jsonpath={.status.jobName}')).trim();
    return job !== '';
  });
  return job;
}

/** What the Job controller writes when the tries are used up. */
async function failWithoutRoom(world: RunbookWorld, what: string, object: object): Promise<void> {
  const job = await askWithoutRoom(world, what, object);
  const failed = { status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the limit' };
  const conditions = [
    { type: 'FailureTarget', ...failed },
    { type: 'Failed', ...failed },
  ];
  const status = JSON.stringify({ status: { active: 0, conditions } });
  await world.kubectl('patch', `job/${job}`, '--subresource=status', '--type=strategic', '-p', status);
}

/** A pod of Ingest does not end until the finalizer is taken off again. */
async function keepIngest({ kubectl }: RunbookWorld, finalizers: readonly string[]): Promise<void> {
  const pods = (await kubectl('get', ...INGEST_PODS)).trim().split('\n');
  const patch = JSON.stringify({ metadata: { finalizers } });
  for (const pod of pods) await kubectl('patch', pod, '--type=merge', '-p', patch);
}

/** On an installation that the operator runs all of, without backups yet. */
export const BACKUPS: readonly Scenario[] = [
  {
    reason: 'NoBackupTarget',
    says: [BACKUP, 'Stalled'],
    cause: ({ apply }) => apply([backup('before-upgrade')]),
  },
  {
    reason: 'BackingUp',
    says: [BACKUP, 'Ready'],
    cause: (world) => askWithoutRoom(world, BACKUP, backup('before-upgrade')),
    remedy: giveRoom,
  },
  {
    reason: 'BackupFailed',
    says: [BACKUP, 'Stalled'],
    cause: (world) => failWithoutRoom(world, BACKUP, backup('before-upgrade')),
    remedy: giveRoom,
  },
  {
    reason: 'RestoreFailed',
    says: [RESTORE, 'Stalled'],
    cause: (world) => failWithoutRoom(world, RESTORE, restore('back')),
    remedy: giveRoom,
  },
  {
    reason: 'Restoring',
    says: [RESTORE, 'Ready'],
    cause: (world) => askWithoutRoom(world, RESTORE, restore('back')),
    remedy: giveRoom,
  },
  {
    reason: 'ChangingDatabase',
    says: [MANAGER, 'Ready'],
    cause: async (world) => {
      await keepIngest(world, ['lab.example/stays']);
      await world.apply([restore('another')]);
    },
    remedy: (world) => keepIngest(world, []),
  },
];

/** On an installation whose database is elsewhere. */
export const RESTORES_ELSEWHERE: readonly Scenario[] = [
  {
    reason: 'DatabaseNeeded',
    says: [RESTORE, 'Stalled'],
    cause: async (world) => {
      await upgrade('backup.claimName=meter-backups', `backup.recipients={age1${'q'.repeat(58)}}`)(world);
      const claim = {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'meter-backups' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      };
      await world.apply([KEY_SECRET, claim, restore('back')]);
    },
  },
];

import { processMeterBackupSpecSchema } from '@process-meter/crds';
import { jobKeyOf, lookAtJob, makeOnce, type JobRun } from '../platform/job-run.ts';
import { onceController, stalled, type Look, type OnceDeps, type Standing } from '../platform/once.ts';
import { namespaceKey, runningInstallation, runs, targetOf } from '../platform/running.ts';
import type { Release } from '../release/catalogue.ts';
import { backupJob } from '../render/backup-job.ts';
import { roundedQuantity } from '../render/quantity.ts';
import { BACKUPS, PROCESS_METERS } from '../resources.ts';
import type { ControllerOptions, KubeClient, Lister } from '../runtime/index.ts';

export interface BackupDeps extends OnceDeps {
  releases: readonly Release[];
}

/** While a Job runs, what keeps its pod from starting is looked for so often: pods are not watched. */
const LOOK_MS = 10_000;

/** Makes one backup for each ProcessMeterBackup, and keeps what became of it in its status. */
export function backupController(deps: BackupDeps): ControllerOptions {
  const { client, informers } = deps.operator;
  const parts: Parts = { client, meters: informers.for(PROCESS_METERS), releases: deps.releases };
  return onceController({ name: 'backup', resource: BACKUPS, look: (at) => look(at, parts) }, deps);
}

interface Parts {
  client: KubeClient;
  meters: Lister;
  releases: readonly Release[];
}

async function look(at: Look, parts: Parts): Promise<Standing> {
  const key = jobKeyOf(at.object);
  const run = await lookAtJob(parts.client, key, at.signal);
  if (run.state !== 'none') return standingOf(run, key.name);
  if (at.status['jobName'] === undefined) return begin(at, parts);
  return stalled('BackupFailed', `Job ${key.name} is gone, and nobody knows what became of it.`);
}

async function begin({ object, signal }: Look, parts: Parts): Promise<Standing> {
  const { processMeter } = processMeterBackupSpecSchema.parse(object['spec']);
  const running = runningInstallation(namespaceKey(object, processMeter.name), runs, parts);
  if ('progress' in running) return running;
  const target = targetOf(running.installation);
  if ('progress' in target) return target;
  const key = jobKeyOf(object);
  const { keep: _, ...rest } = target;
  await makeOnce(parts.client, object, backupJob(running.installation, rest, key), signal);
  return { ...backingUp(key.name, ''), fields: { jobName: key.name } };
}

function backingUp(job: string, trouble: string): Standing {
  const waits = trouble === '' ? '' : `; it waits: ${trouble}`;
  const message = `Job ${job} backs up the database${waits}.`;
  return { progress: { state: 'reconciling', reason: 'BackingUp', message }, againMs: LOOK_MS };
}

function standingOf(run: Exclude<JobRun, { state: 'none' }>, jobName: string): Standing {
  const { startedAt } = run;
  if (run.state === 'running') return { ...backingUp(jobName, run.trouble), fields: { jobName, startedAt } };
  if (run.state === 'failed')
    return { ...stalled('BackupFailed', run.message), fields: { jobName, startedAt } };
  const { location, bytes, sha256, asOf, rows, tables, schemaVersion, version } = run.result;
  const file = fileOf(location);
  return {
    progress: {
      state: 'ready',
      reason: 'BackedUp',
      message: `${rows} rows of ${tables} tables are in ${file}.`,
    },
    fields: {
      jobName,
      startedAt,
      completedAt: run.completedAt,
      location: file,
      asOf,
      rows,
      size: roundedQuantity(bytes),
      sizeBytes: bytes,
      sha256,
      schemaVersion,
      productVersion: version,
    },
  };
}

/** A file is named as it is in its claim, whatever folder the pod had it in. */
function fileOf(location: string): string {
  return location.startsWith('s3://') ? location : location.slice(location.lastIndexOf('/') + 1);
}

import { processMeterRestoreSpecSchema } from '@process-meter/crds';
import { jobKeyOf, lookAtJob, type JobRun } from '../platform/job-run.ts';
import {
  isOver,
  onceController,
  stalled,
  waiting,
  type Look,
  type OnceDeps,
  type Standing,
} from '../platform/once.ts';
import { SECRETS_WATCH } from '../platform/secret-reader.ts';
import { readStatus } from '../platform/status.ts';
import { BACKUPS, DEPLOYMENTS, PROCESS_METERS, RESTORES } from '../resources.ts';
import { MANAGED_SELECTOR } from '../render/labels.ts';
import { keyOf, type ControllerOptions } from '../runtime/index.ts';
import { begin } from './begin.ts';
import type { Parts } from './parts.ts';
import { start, stopAndSwitch } from './switch.ts';

export type RestoreDeps = OnceDeps & Pick<Parts, 'secrets' | 'releases'>;

const LOOK_MS = 10_000;
/** The next step is begun once the one before it is noted. */
const AT_ONCE_MS = 100;

/** Does one restore for each ProcessMeterRestore, step by step; each step is noted before it is begun. */
export function restoreController(deps: RestoreDeps): ControllerOptions {
  const { client, informers } = deps.operator;
  const parts: Parts = {
    ...deps,
    client,
    meters: informers.for(PROCESS_METERS),
    deployments: informers.for(DEPLOYMENTS, { labelSelector: MANAGED_SELECTOR }),
  };
  const all = informers.for(RESTORES);
  const open = (namespace: string | undefined) =>
    all.list(namespace).filter((restore) => !isOver(readStatus(restore['status'])));
  return onceController(
    {
      name: 'restore',
      resource: RESTORES,
      look: (at) => look(at, parts),
      watches: [
        { resource: BACKUPS, keys: ({ metadata }) => open(metadata.namespace).map(keyOf) },
        { ...SECRETS_WATCH, keys: ({ metadata }) => open(metadata.namespace).map(keyOf) },
      ],
    },
    deps,
  );
}

async function look(at: Look, parts: Parts): Promise<Standing> {
  const { step } = at.status;
  if (step === 'Stopping') return stopAndSwitch(at, parts);
  if (step === 'Starting') return start(at, parts);
  const key = jobKeyOf(at.object);
  const run = await lookAtJob(parts.client, key, at.signal);
  if (run.state !== 'none') return restoring(at, parts, { run, jobName: key.name });
  if (step === undefined) return begin(at, parts);
  return stalled('RestoreFailed', `Nothing was changed: Job ${key.name} is gone.`);
}

function restoring(
  { object }: Look,
  { now }: Parts,
  { run, jobName }: { run: Exclude<JobRun, { state: 'none' }>; jobName: string },
): Standing {
  const { startedAt } = run;
  const fields = { step: 'Restoring', jobName, startedAt };
  if (run.state === 'running') {
    const trouble = run.trouble === '' ? '' : `; it waits: ${run.trouble}`;
    return {
      ...waiting('Restoring', `Job ${jobName} fills and checks a new database${trouble}.`, LOOK_MS),
      fields,
    };
  }
  if (run.state === 'failed')
    return { ...stalled('RestoreFailed', `Nothing was changed: ${run.message}`), fields };
  const { rows, tables, asOf } = run.result;
  const result = { ...fields, rows, asOf };
  const { databaseSecretRef } = processMeterRestoreSpecSchema.parse(object['spec']);
  if (databaseSecretRef !== undefined)
    return {
      progress: {
        state: 'ready',
        reason: 'Restored',
        message: `${rows} rows of ${tables} tables are in the database of Secret ${databaseSecretRef.name}; every table was read again.`,
      },
      fields: { ...result, completedAt: run.completedAt },
    };
  return {
    ...waiting(
      'Restoring',
      'The new database is filled and checked. Manager and Ingest end now.',
      AT_ONCE_MS,
    ),
    fields: { ...result, step: 'Stopping', stoppingSince: new Date(now()).toISOString() },
  };
}

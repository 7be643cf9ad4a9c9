import { processMeterRestoreSpecSchema, type ProcessMeterRestoreSpec } from '@process-meter/crds';
import { jobKeyOf, makeOnce } from '../platform/job-run.ts';
import { isOver, stalled, waiting, type Look, type Standing } from '../platform/once.ts';
import { isPaused } from '../platform/pause.ts';
import { namespaceKey, older, runningInstallation, targetOf, type Running } from '../platform/running.ts';
import { isReady, readStatus } from '../platform/status.ts';
import { portsIn } from '../process-meter/ports.ts';
import { databaseSecretOf } from '../render/database-secret.ts';
import { PORTS } from '../render/names.ts';
import { renderRestorePolicy } from '../render/network-policies.ts';
import { restoreJob, type RestoreInput } from '../render/restore.ts';
import { BACKUPS, RESTORES } from '../resources.ts';
import { databaseOf, type Parts } from './parts.ts';

/** Everything that is checked before anything is done; then the Job. */
export async function begin(at: Look, parts: Parts): Promise<Standing> {
  const spec = processMeterRestoreSpecSchema.parse(at.object['spec']);
  const running = runningInstallation(namespaceKey(at.object, spec.processMeter.name), older, parts);
  if ('progress' in running) return running;
  const held = spec.databaseSecretRef === undefined ? await holds(at, parts, running) : undefined;
  if (held !== undefined) return held;
  const input = await inputOf(at, parts, { spec, running });
  if ('progress' in input) return input;
  const key = jobKeyOf(at.object);
  const { installation } = running;
  const made = [
    ...renderRestorePolicy(installation, key.name, input.ports),
    restoreJob(installation, key, input),
  ];
  for (const one of made) await makeOnce(parts.client, at.object, one, at.signal);
  return {
    ...waiting('Restoring', `Job ${key.name} fills and checks a new database.`, 1000),
    fields: {
      step: 'Restoring',
      jobName: key.name,
      location: input.location,
      database: input.into,
      schemaVersion: installation.release.schema,
    },
  };
}

/** What speaks against replacing the database of the installation now. */
async function holds(
  { object, signal }: Look,
  { client }: Parts,
  { installation, processMeter }: Running,
): Promise<Standing | undefined> {
  if (installation.spec.database.mode !== 'Embedded')
    return stalled(
      'DatabaseNeeded',
      `The database of ProcessMeter ${installation.name} is yours: make an empty one beside it and name its Secret in spec.databaseSecretRef of another ProcessMeterRestore.`,
    );
  if (isPaused(processMeter))
    return waiting('PausedByUser', `ProcessMeter ${installation.name} is paused: its parts cannot be ended.`);
  const { namespace = '' } = object.metadata;
  const others = await client.list(RESTORES, { namespace, signal });
  const other = others.find((one) => {
    const status = readStatus(one['status']);
    return one.metadata.uid !== object.metadata.uid && status['database'] !== undefined && !isOver(status);
  });
  if (other === undefined) return undefined;
  return waiting(
    'Restoring',
    `ProcessMeterRestore ${other.metadata.name} is at work; this one comes after it.`,
  );
}

type Input = RestoreInput & { ports: number[] | undefined };

async function inputOf(
  at: Look,
  parts: Parts,
  { spec, running: { installation } }: { spec: ProcessMeterRestoreSpec; running: Running },
): Promise<Input | Standing> {
  const backup = targetOf(installation);
  if ('progress' in backup) return backup;
  const location = await locationOf(at, parts, spec);
  if (typeof location !== 'string') return location;
  if (location.startsWith('s3://') && backup.s3 === undefined)
    return stalled(
      'NoBackupTarget',
      `spec.backup of ProcessMeter ${installation.name} names a claim: it does not say which server has ${location}.`,
    );
  const { identitySecretRef: identity, databaseSecretRef } = spec;
  const database = databaseSecretRef ?? databaseSecretOf(installation);
  const state = await parts.secrets.state(
    installation.namespace,
    [used(identity), used(database)],
    at.signal,
  );
  if ('missing' in state) return stalled('SecretMissing', `There is no ${state.missing}.`);
  const input = { backup, location, identity, database };
  if (databaseSecretRef === undefined) return { ...input, into: databaseOf(at.object), ports: undefined };
  const content = await parts.secrets.read(installation.namespace, database.name, at.signal);
  return { ...input, into: undefined, ports: portsIn(content?.[database.key] ?? '', PORTS.postgres) };
}

const used = ({ name, key }: { name: string; key: string }) => ({ name, keys: [key] });

async function locationOf(
  { object, signal }: Look,
  { client }: Parts,
  { from }: ProcessMeterRestoreSpec,
): Promise<string | Standing> {
  const { backupName = '', location } = from;
  if (location !== undefined) return location;
  const backup = await client.get(BACKUPS, namespaceKey(object, backupName), { signal });
  if (backup === undefined)
    return waiting('ReferenceMissing', `There is no ProcessMeterBackup ${backupName} in this namespace yet.`);
  const status = readStatus(backup['status']);
  const { location: found } = status;
  if (isReady(backup) && typeof found === 'string') return found;
  const isFailed = isOver(status);
  const message = `ProcessMeterBackup ${backupName} ${isFailed ? 'has failed' : 'is not done yet'}.`;
  return (isFailed ? stalled : waiting)('ReferenceMissing', message);
}

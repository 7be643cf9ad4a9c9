import { API_VERSION, processMeterSpecSchema } from '@process-meter/crds';
import type { Release } from '../release/catalogue.ts';
import { compareVersions } from '../release/move.ts';
import { installationOf, type Installation } from '../render/installation.ts';
import type { KubeObject, Lister, ObjectKey } from '../runtime/index.ts';
import { stalled, waiting, type Standing } from './once.ts';
import { readStatus } from './status.ts';

/** An installation by the release that does the work; a move to another one may be waiting. */
export interface Running {
  installation: Installation;
  processMeter: KubeObject;
}

/** Which release does the work. */
export type Choice = (running: string, wanted: string) => string;

/** The release that runs, whatever is wanted. */
export const runs: Choice = (running) => running;
/** The older one: who goes back past a migration needs a database that the older release can work with. */
export const older: Choice = (running, wanted) => (compareVersions(wanted, running) < 0 ? wanted : running);

/** The installation of a name, or why nothing can be done with it yet. */
export function runningInstallation(
  key: ObjectKey,
  choose: Choice,
  { meters, releases }: { meters: Lister; releases: readonly Release[] },
): Running | Standing {
  const object = meters.get(key);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined)
    return waiting('NoProcessMeter', `There is no ProcessMeter ${key.name} in this namespace yet.`);
  const { version } = readStatus(object['status']);
  if (typeof version !== 'string')
    return waiting(
      'NotReached',
      `ProcessMeter ${key.name} has never been ready: there is nothing in it yet.`,
    );
  const spec = processMeterSpecSchema.parse(object['spec']);
  const chosen = choose(version, spec.version);
  const release = releases.find((one) => one.version === chosen);
  if (release === undefined)
    return stalled('UnknownRelease', `This operator does not know release ${chosen}, which is to do it.`);
  const { metadata } = object;
  const processMeter = { apiVersion: API_VERSION, kind: 'ProcessMeter' as const, metadata, spec };
  return { installation: installationOf(processMeter, release), processMeter: object };
}

/** What the installation says of its backups, or that it says nothing. */
export function targetOf({
  name,
  spec,
}: Installation): NonNullable<Installation['spec']['backup']> | Standing {
  return (
    spec.backup ??
    stalled(
      'NoBackupTarget',
      `ProcessMeter ${name} has no spec.backup: it says where backups are and whom they are encrypted for.`,
    )
  );
}

export const namespaceKey = (object: KubeObject, name: string): ObjectKey => ({
  namespace: object.metadata.namespace ?? '',
  name,
});

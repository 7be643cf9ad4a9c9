import { processMeterRestoreSpecSchema } from '@process-meter/crds';
import { stalled, waiting, type Look, type Standing } from '../platform/once.ts';
import { podsLeft } from '../platform/pods-left.ts';
import { namespaceKey } from '../platform/running.ts';
import { isReady, readyMessage } from '../platform/status.ts';
import { namesOf } from '../render/names.ts';
import { INGESTS, MANAGERS, SECRETS } from '../resources.ts';
import type { ObjectKey } from '../runtime/index.ts';
import { databaseOf, type Parts } from './parts.ts';

/** Pods that do not end within this are on a node that is lost: nobody can tell whether they still write. */
const PATIENCE_MS = 600_000;
const LOOK_MS = 2000;
const WRITERS = ['manager', 'ingest'] as const;
const URI = 'uri';

/**
 * Waits until nothing is left that writes into the old database, then lets the Secret name the new one. That is the
 * switch: before it everything is as it was, and it can be done again and again.
 */
export async function stopAndSwitch(at: Look, parts: Parts): Promise<Standing> {
  const { processMeter } = processMeterRestoreSpecSchema.parse(at.object['spec']);
  const key = namespaceKey(at.object, processMeter.name);
  const secret = { ...key, name: namesOf(key.name).postgres };
  const uri = (await parts.secrets.read(key.namespace, secret.name, at.signal))?.[URI];
  if (uri === undefined || !URL.canParse(uri))
    return stalled('RestoreFailed', `Nothing was changed: Secret ${secret.name} has no ${URI} any more.`);
  const next = databaseOf(at.object);
  const present = new URL(uri).pathname.slice(1);
  // Done before this process began to look.
  if (present === next) return starting({}, parts);
  const left = await writersLeft(key, parts, at.signal);
  if (left !== undefined) return stopping(at, parts, left);
  const switched = new URL(uri);
  switched.pathname = `/${next}`;
  const data = { [URI]: Buffer.from(switched.href).toString('base64') };
  const previous = { previousDatabase: present };
  if (at.status['previousDatabase'] !== present)
    return { ...waiting('Restoring', 'Manager and Ingest have ended.', 100), fields: previous };
  await parts.client.merge(SECRETS, secret, { data }, { signal: at.signal });
  return starting(previous, parts);
}

/** Without fractions, as Kubernetes writes them: the times of Jobs are compared with it. */
const instantOf = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z');

function stopping({ status }: Look, { now }: Parts, left: string): Standing {
  const { stoppingSince } = status;
  const since = typeof stoppingSince === 'string' ? Date.parse(stoppingSince) : now();
  if (now() - since > PATIENCE_MS)
    return stalled(
      'RestoreFailed',
      `Nothing was changed, and Manager and Ingest begin again: after ${PATIENCE_MS / 60_000} minutes ${left}.`,
    );
  return waiting('Restoring', `The new database is filled and checked; ${left}.`, LOOK_MS);
}

function starting(fields: Record<string, unknown>, { now }: Parts): Standing {
  const standing = waiting('Restoring', 'Manager and Ingest begin on the new database.', 1000);
  return { ...standing, fields: { ...fields, step: 'Starting', switchedAt: instantOf(now()) } };
}

/** What still writes, or may begin to; undefined once nothing does. */
async function writersLeft(
  key: ObjectKey,
  { client, deployments, meters }: Parts,
  signal: AbortSignal,
): Promise<string | undefined> {
  const parts = await Promise.all([MANAGERS, INGESTS].map((kind) => client.get(kind, key, { signal })));
  const told = [...parts, meters.get(key)].find((object) => object !== undefined && isReady(object));
  if (told !== undefined) return `${told.kind} ${told.metadata.name} has not heard of it yet`;
  for (const component of WRITERS) {
    const deployment = deployments.get({ ...key, name: namesOf(key.name)[component] });
    const left = deployment && (await podsLeft(deployment, client, signal));
    if (left !== undefined) return left;
  }
  return undefined;
}

/** The switch is done: what follows is the start of the parts, as after any change of the Secret. */
export async function start(at: Look, { client, meters, now }: Parts): Promise<Standing> {
  const { processMeter } = processMeterRestoreSpecSchema.parse(at.object['spec']);
  const key = namespaceKey(at.object, processMeter.name);
  const parts = await Promise.all(
    [MANAGERS, INGESTS].map((kind) => client.get(kind, key, { signal: at.signal })),
  );
  const late = [...parts, meters.get(key)].filter((object) => object === undefined || !isReady(object));
  if (late.length > 0) {
    const [first] = late;
    const why = first === undefined ? '' : ` ${first.kind} ${first.metadata.name}: ${readyMessage(first)}`;
    return waiting('Restoring', `Manager and Ingest begin on the new database.${why}`, LOOK_MS);
  }
  const { previousDatabase } = at.status;
  return {
    progress: {
      state: 'ready',
      reason: 'Restored',
      message: `Everything is as of ${String(at.status['asOf'])}. The database before it, ${String(previousDatabase)}, stays on the server until you drop it.`,
    },
    fields: { completedAt: instantOf(now()) },
  };
}

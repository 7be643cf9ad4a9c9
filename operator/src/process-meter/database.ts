import { contentHash } from '../runtime/index.ts';
import { rolloutOf } from '../platform/rollout.ts';
import { PORTS } from '../render/names.ts';
import { renderPostgres } from '../render/postgres.ts';
import { clusterName, clusterStep } from './cluster.ts';
import { done, make, stall, wait, type Pass, type StepDeps, type StepResult } from './pass.ts';
import { portsIn } from './ports.ts';
import { growVolumes } from './volumes.ts';

/** Finds or runs the database, and leaves in the pass where its URI is. */
export async function databaseStep(pass: Pass, deps: StepDeps): Promise<StepResult> {
  const { external, cloudNativePG, embedded } = pass.installation.spec.database;
  const { names } = pass.installation;
  if (external !== undefined) return bind(pass, deps, external.secretRef);
  if (embedded !== undefined) {
    const desired = renderPostgres(pass.installation, embedded);
    const growing = await growVolumes(pass, deps, { desired, reason: 'PostgresNotReady' });
    if (growing !== undefined) return growing;
    const objects = await make(pass, deps, desired);
    const running = runs(pass, 'Postgres', objects);
    if (running !== undefined) return running;
    return bind(pass, deps, { name: names.postgres, key: 'uri' });
  }
  if (cloudNativePG === undefined) throw new Error('spec.database names no database');
  return (
    (await clusterStep(pass, deps, cloudNativePG)) ??
    bind(pass, deps, { name: `${clusterName(pass, cloudNativePG)}-app`, key: 'uri' })
  );
}

/** Leaves in the pass where the URI is. */
async function bind(
  pass: Pass,
  deps: StepDeps,
  secretRef: { name: string; key: string },
): Promise<StepResult> {
  const { name, key } = secretRef;
  const content = await deps.secrets.read(pass.installation.namespace, name, pass.signal);
  if (content === undefined)
    return stall('DatabaseSecretMissing', `There is no Secret ${name} with the URI of the database.`);
  const uri = content[key];
  if (uri === undefined)
    return stall('DatabaseSecretMissing', `Secret ${name} has no key ${key} with the URI of the database.`);
  // Said before a migration uses up its tries on it. What is in a Secret is never told.
  if (!/^postgres(ql)?:\/\//.test(uri))
    return stall('DatabaseSecretMissing', `Key ${key} of Secret ${name} is no URI such as postgres://….`);
  pass.bindings.database = { secretRef };
  pass.outer.database = portsIn(uri, PORTS.postgres);
  pass.databaseChecksum = contentHash(uri);
  return done('DatabaseBound', `Secret ${name} says where it is; the migration connects to it.`);
}

/** Undefined once the StatefulSet among the objects runs. */
export function runs(
  pass: Pass,
  component: 'Postgres' | 'Nats',
  objects: Parameters<typeof rolloutOf>[0][],
): StepResult | undefined {
  const set = objects.find(({ kind }) => kind === 'StatefulSet');
  if (set === undefined) throw new Error(`no StatefulSet was rendered for ${component}`);
  const { progress, readyReplicas, desired } = rolloutOf(set);
  pass.components.set(component, { name: component, ready: readyReplicas, desired });
  if (progress.state === 'ready') return undefined;
  return wait(`${component}NotReady`, `${component}: ${progress.message}`);
}

import { z } from 'zod';
import { renderCluster } from '../render/postgres.ts';
import { CNPG_CLUSTERS } from '../resources.ts';
import type { KubeObject } from '../runtime/index.ts';
import { FIELD_MANAGER } from './field-manager.ts';
import { stall, wait, type Pass, type StepDeps, type StepResult } from './pass.ts';

type CloudNativePG = NonNullable<Pass['installation']['spec']['database']['cloudNativePG']>;

/** What is needed of a Cluster's status, as CloudNativePG writes it. */
const clusterSchema = z.looseObject({
  status: z
    .looseObject({ readyInstances: z.number().default(0), phase: z.string().default('no status yet') })
    .prefault({}),
});

/** What it needs of a pass and of the steps' dependencies. */
type ClusterPass = Pick<Pass, 'installation' | 'object' | 'signal'>;
type ClusterDeps = Pick<StepDeps, 'optional' | 'secrets' | 'lookAgainMs'>;

export function clusterName({ installation }: ClusterPass, { clusterRef }: CloudNativePG): string {
  return clusterRef?.name ?? installation.names.postgres;
}

/** Makes the Cluster, if it is to be made. Answers undefined once it can be connected to. */
export async function clusterStep(
  pass: ClusterPass,
  deps: ClusterDeps,
  cloudNativePG: CloudNativePG,
): Promise<StepResult | undefined> {
  const { signal, installation } = pass;
  const name = clusterName(pass, cloudNativePG);
  const cluster = await theCluster(pass, deps, cloudNativePG);
  if (cluster === undefined && !(await deps.optional.serves(CNPG_CLUSTERS, signal)))
    return stall(
      'CloudNativePGMissing',
      'This cluster has no CloudNativePG (postgresql.cnpg.io/v1).',
      deps.lookAgainMs,
    );
  const notReady = (message: string): StepResult => wait('ClusterNotReady', message, deps.lookAgainMs);
  if (cluster === undefined) return notReady(`There is no Cluster ${name}.`);
  // The Secret is there long before a server is: a migration would use up its tries.
  const { readyInstances, phase } = clusterSchema.parse(cluster).status;
  if (readyInstances === 0) return notReady(`No server of Cluster ${name} is ready (${phase}).`);
  const secret = await deps.secrets.read(installation.namespace, `${name}-app`, signal);
  return secret === undefined
    ? notReady(`Cluster ${name} has not given its Secret ${name}-app yet.`)
    : undefined;
}

/** Undefined where there is none, also because the kind is not served. */
async function theCluster(
  pass: ClusterPass,
  { optional }: ClusterDeps,
  cloudNativePG: CloudNativePG,
): Promise<KubeObject | undefined> {
  const { installation, object, signal } = pass;
  const { create } = cloudNativePG;
  const { namespace, spec } = installation;
  if (create === undefined)
    return optional.read(CNPG_CLUSTERS, { namespace, name: clusterName(pass, cloudNativePG) }, signal);
  // All data is in it: it goes with its ProcessMeter only where the deletion policy says so.
  const owner = spec.deletionPolicy === 'Delete' ? object : undefined;
  return optional.apply(renderCluster(installation, create), { owner, manager: FIELD_MANAGER, signal });
}

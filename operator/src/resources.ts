import { GROUP, KINDS, VERSION, type KindName } from '@process-meter/crds';
import type { Resource } from './runtime/index.ts';

function namespaced(group: string, version: string, kind: string, plural: string): Resource {
  return { group, version, kind, plural, namespaced: true };
}

/** What the operator reads and writes that is not its own. */
export const DEPLOYMENTS = namespaced('apps', 'v1', 'Deployment', 'deployments');
export const STATEFUL_SETS = namespaced('apps', 'v1', 'StatefulSet', 'statefulsets');
export const JOBS = namespaced('batch', 'v1', 'Job', 'jobs');
export const CRON_JOBS = namespaced('batch', 'v1', 'CronJob', 'cronjobs');
export const SERVICES = namespaced('', 'v1', 'Service', 'services');
export const SERVICE_ACCOUNTS = namespaced('', 'v1', 'ServiceAccount', 'serviceaccounts');
export const VOLUME_CLAIMS = namespaced('', 'v1', 'PersistentVolumeClaim', 'persistentvolumeclaims');
export const CONFIG_MAPS = namespaced('', 'v1', 'ConfigMap', 'configmaps');
export const SECRETS = namespaced('', 'v1', 'Secret', 'secrets');
/** What the last container of a Job said is read there. */
export const PODS = namespaced('', 'v1', 'Pod', 'pods');
export const DISRUPTION_BUDGETS = namespaced('policy', 'v1', 'PodDisruptionBudget', 'poddisruptionbudgets');
export const NETWORK_POLICIES = namespaced('networking.k8s.io', 'v1', 'NetworkPolicy', 'networkpolicies');
export const INGRESSES = namespaced('networking.k8s.io', 'v1', 'Ingress', 'ingresses');
/** Only where the Gateway API is installed. */
export const HTTP_ROUTES = namespaced('gateway.networking.k8s.io', 'v1', 'HTTPRoute', 'httproutes');
/** Only where the CloudNativePG operator is installed. */
export const CNPG_CLUSTERS = namespaced('postgresql.cnpg.io', 'v1', 'Cluster', 'clusters');
/** Only where cert-manager is installed. */
export const CERTIFICATES = namespaced('cert-manager.io', 'v1', 'Certificate', 'certificates');
export const NAMESPACES: Resource = {
  group: '',
  version: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

/** Where objects of one of our kinds are. */
export function resourceOf(name: KindName): Resource {
  const found = KINDS.find(({ kind }) => kind === name);
  if (found === undefined) throw new Error(`no kind is called ${name}`);
  return namespaced(GROUP, VERSION, found.kind, found.plural);
}

export const PROCESS_METERS = resourceOf('ProcessMeter');
export const MANAGERS = resourceOf('Manager');
export const INGESTS = resourceOf('Ingest');
export const PORTALS = resourceOf('Portal');
export const BACKUPS = resourceOf('ProcessMeterBackup');
export const RESTORES = resourceOf('ProcessMeterRestore');

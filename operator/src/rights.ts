import { GROUP, KINDS } from '@process-meter/crds';

/** One rule of a Role, in the words of RBAC. */
export interface Right {
  apiGroups: readonly string[];
  resources: readonly string[];
  verbs: readonly string[];
}

const READ = ['get', 'list', 'watch'];
const OWN = [...READ, 'create', 'patch', 'delete'];
/** What a ProcessMeter has made. */
const PARTS = ['managers', 'ingests', 'portals'];
const OWNERS = ['processmeters', ...PARTS, 'processmeterbackups', 'processmeterrestores'];

/** All that the operator may do in a namespace that it looks after. Each is used; nothing is used beyond them. */
export const NAMESPACE_RIGHTS: readonly Right[] = [
  {
    apiGroups: [GROUP],
    resources: KINDS.map(({ plural }): string => plural).filter((plural) => !PARTS.includes(plural)),
    verbs: READ,
  },
  { apiGroups: [GROUP], resources: PARTS, verbs: OWN },
  { apiGroups: [GROUP], resources: KINDS.map(({ plural }) => `${plural}/status`), verbs: ['patch'] },
  // Asked for by OwnerReferencesPermissionEnforcement, which some clusters have, for owners that block deletion.
  { apiGroups: [GROUP], resources: OWNERS.map((plural) => `${plural}/finalizers`), verbs: ['update'] },
  { apiGroups: [''], resources: ['configmaps', 'services', 'serviceaccounts'], verbs: OWN },
  // Never deleted by the operator: those that it made go with their owner or stay.
  { apiGroups: [''], resources: ['secrets'], verbs: [...READ, 'create', 'patch'] },
  // Those of the servers it runs, to let them grow.
  { apiGroups: [''], resources: ['persistentvolumeclaims'], verbs: ['get', 'patch'] },
  // Only the namespace itself: its uid tells clusters apart.
  { apiGroups: [''], resources: ['namespaces'], verbs: ['get'] },
  // What a backup or a restore said at its end, and whether a pod that writes is still there. Never a log.
  { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
  { apiGroups: ['apps'], resources: ['deployments', 'statefulsets'], verbs: OWN },
  { apiGroups: ['batch'], resources: ['jobs', 'cronjobs'], verbs: OWN },
  { apiGroups: ['policy'], resources: ['poddisruptionbudgets'], verbs: OWN },
  { apiGroups: ['networking.k8s.io'], resources: ['ingresses', 'networkpolicies'], verbs: OWN },
  {
    apiGroups: ['gateway.networking.k8s.io'],
    resources: ['httproutes'],
    verbs: ['get', 'create', 'patch', 'delete'],
  },
  {
    apiGroups: ['cert-manager.io'],
    resources: ['certificates'],
    verbs: ['get', 'create', 'patch', 'delete'],
  },
  { apiGroups: ['postgresql.cnpg.io'], resources: ['clusters'], verbs: ['get', 'create', 'patch'] },
  { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
];

/** What it may do in its own namespace, to agree on who works. The lease is named. */
export const LEADER_RIGHTS: readonly (Right & { named?: boolean })[] = [
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['create'] },
  { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'update'], named: true },
];

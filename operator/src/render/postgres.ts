import type { ProcessMeterSpec } from '@process-meter/crds';
import { CNPG_CLUSTERS, SERVICES, SERVICE_ACCOUNTS, STATEFUL_SETS } from '../resources.ts';
import type { Desired } from '../runtime/index.ts';
import { imageOf } from './images.ts';
import { metadataOf, type Installation } from './installation.ts';
import { selectorLabels } from './labels.ts';
import { PORTS } from './names.ts';
import { RESTRICTED_CONTAINER, USERS, podTemplate } from './pod.ts';
import { claims } from './storage.ts';
import { desired } from './tidy.ts';

type Database = ProcessMeterSpec['database'];
type Embedded = NonNullable<Database['embedded']>;
type Create = NonNullable<NonNullable<Database['cloudNativePG']>['create']>;

/** One PostgreSQL pod without a standby: for evaluation. */
export function renderPostgres(installation: Installation, embedded: Embedded): Desired[] {
  const { names, name, spec } = installation;
  const metadata = metadataOf(installation, 'postgres', names.postgres);
  const selector = selectorLabels('postgres', name);
  return [
    desired(SERVICE_ACCOUNTS, { metadata, automountServiceAccountToken: false }),
    desired(SERVICES, {
      metadata,
      spec: {
        clusterIP: 'None',
        selector,
        ports: [{ name: 'postgres', port: PORTS.postgres, protocol: 'TCP', targetPort: 'postgres' }],
      },
    }),
    desired(STATEFUL_SETS, {
      metadata,
      spec: {
        ...claims('data', embedded.storage, spec.deletionPolicy),
        replicas: 1,
        selector: { matchLabels: selector },
        serviceName: names.postgres,
        template: podTemplate({
          component: 'postgres',
          instance: name,
          fields: {},
          annotations: {},
          labels: metadata.labels ?? {},
          serviceAccount: names.postgres,
          user: USERS.postgres,
          graceSeconds: 120,
          pullSecrets: spec.images.pullSecrets,
          containers: [container(installation, embedded)],
          volumes: [
            { name: 'run', emptyDir: {} },
            { name: 'tmp', emptyDir: {} },
          ],
        }),
      },
    }),
  ];
}

function container({ spec, release, names }: Installation, embedded: Embedded): object {
  const answers = { exec: { command: ['pg_isready', '--username', 'meter', '--dbname', 'meter'] } };
  return {
    name: 'postgres',
    image: imageOf(spec.images, release, 'Postgres'),
    imagePullPolicy: spec.images.pullPolicy,
    env: [
      { name: 'PGDATA', value: '/var/lib/postgresql/data/pgdata' },
      { name: 'POSTGRES_DB', value: 'meter' },
      { name: 'POSTGRES_USER', value: 'meter' },
      {
        name: 'POSTGRES_PASSWORD',
        valueFrom: { secretKeyRef: { name: names.postgres, key: 'password' } },
      },
    ],
    ports: [{ name: 'postgres', containerPort: PORTS.postgres, protocol: 'TCP' }],
    startupProbe: { ...answers, failureThreshold: 90, periodSeconds: 2, timeoutSeconds: 5 },
    readinessProbe: { ...answers, failureThreshold: 3, periodSeconds: 5, timeoutSeconds: 5 },
    livenessProbe: { ...answers, failureThreshold: 6, periodSeconds: 10, timeoutSeconds: 5 },
    resources: embedded.resources,
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [
      { name: 'data', mountPath: '/var/lib/postgresql/data' },
      { name: 'run', mountPath: '/var/run/postgresql' },
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

/** A Cluster for the CloudNativePG operator; it keeps the URI in the Secret `<name>-app`. */
export function renderCluster(installation: Installation, { instances, storage }: Create): Desired {
  const { size, storageClassName: storageClass } = storage;
  return desired(CNPG_CLUSTERS, {
    metadata: metadataOf(installation, 'postgres', installation.names.postgres),
    spec: {
      instances,
      bootstrap: { initdb: { database: 'meter', owner: 'meter' } },
      storage: { size, storageClass },
    },
  });
}

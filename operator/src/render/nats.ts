import type { ProcessMeterSpec } from '@process-meter/crds';
import { CONFIG_MAPS, DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS, STATEFUL_SETS } from '../resources.ts';
import { contentHash, type Desired } from '../runtime/index.ts';
import { imageOf } from './images.ts';
import { metadataOf, type Bindings, type Installation } from './installation.ts';
import { selectorLabels } from './labels.ts';
import { PORTS } from './names.ts';
import { CONFIG_CHECKSUM, SECRETS_CHECKSUM, budget } from './part.ts';
import { RESTRICTED_CONTAINER, USERS, podTemplate, secretVolume } from './pod.ts';
import { bytesOf } from './quantity.ts';
import { claims } from './storage.ts';
import { desired } from './tidy.ts';

type Embedded = NonNullable<ProcessMeterSpec['messaging']['embedded']>;
const DATA = '/data';
const TLS_FOLDER = '/etc/nats/tls';
/** Keys of a Secret of the type `kubernetes.io/tls`. */
export const TLS_FILES = ['tls.crt', 'tls.key'] as const;
/** Key of the password by which the servers know each other. */
export const ROUTES_KEY = 'routes-password';

/**
 * More than any volume has: streams have limits of their own. By themselves the servers would allow three quarters of what is
 * free at their start, and refuse a stream that may take more. The same for all sizes, so that a volume grows under its server.
 */
const MAX_FILE_STORE = '100TB';
/** Of a volume, for records; the rest is for the settings of agents and for what the servers agree on. */
const RECORDS = 0.75;

/** Where the servers are that the operator runs. @throws when it runs none */
export function embeddedMessaging({ spec, names, namespace }: Installation): Bindings['messaging'] {
  const { embedded } = spec.messaging;
  if (embedded === undefined) throw new Error('spec.messaging names no servers');
  return {
    servers: [`nats://${names.nats}.${namespace}.svc:${PORTS.nats}`],
    trustSecretRef: { name: names.trust },
    // A copy on each server: what was acknowledged is there as long as a majority is.
    streamReplicas: embedded.replicas,
    streamSize: String(Math.floor(bytesOf(embedded.storage.size) * RECORDS)),
  };
}

/** NATS servers with JetStream that the operator runs: one, or three or five that elect a leader. */
export function renderNats(
  installation: Installation,
  embedded: Embedded,
  secretsChecksum: string,
): Desired[] {
  const { names, name } = installation;
  const metadata = metadataOf(installation, 'nats', names.nats);
  const headless = metadataOf(installation, 'nats', names.natsHeadless);
  const selector = selectorLabels('nats', name);
  const config = natsConfig(installation, embedded);
  const client = { name: 'client', port: PORTS.nats, protocol: 'TCP', targetPort: 'client' };
  const routes = { name: 'routes', port: PORTS.natsRoutes, protocol: 'TCP', targetPort: 'routes' };
  return [
    desired(SERVICE_ACCOUNTS, { metadata, automountServiceAccountToken: false }),
    desired(CONFIG_MAPS, { metadata, data: { 'nats.conf': config } }),
    desired(SERVICES, { metadata, spec: { selector, ports: [client] } }),
    desired(SERVICES, {
      metadata: headless,
      // Servers must find each other before one of them is ready.
      spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector, ports: [client, routes] },
    }),
    desired(STATEFUL_SETS, {
      metadata,
      spec: statefulSet(installation, embedded, { config: contentHash(config), secrets: secretsChecksum }),
    }),
    ...(embedded.replicas > 1 ? [desired(DISRUPTION_BUDGETS, { metadata, spec: budget(selector) })] : []),
  ];
}

/** For agents. Manager and Ingest reach the servers by inner names, of which the certificate knows nothing. */
const TLS = [
  `tls { cert_file: "${TLS_FOLDER}/${TLS_FILES[0]}", key_file: "${TLS_FOLDER}/${TLS_FILES[1]}" }`,
  'allow_non_tls: true',
];

function natsConfig({ names }: Installation, { replicas, tlsSecretName }: Embedded): string {
  const cluster = [
    'cluster {',
    `  name: "${names.nats}"`,
    `  listen: "0.0.0.0:${PORTS.natsRoutes}"`,
    '  authorization { user: routes, password: $NATS_ROUTES_PASSWORD }',
    '  routes: $NATS_ROUTES',
    '}',
  ];
  return [
    `listen: "0.0.0.0:${PORTS.nats}"`,
    `http: "0.0.0.0:${PORTS.natsMonitor}"`,
    'server_name: $POD_NAME',
    'max_payload: 4MB',
    'max_connections: 150000',
    'ping_interval: "2m"',
    'lame_duck_duration: "30s"',
    'lame_duck_grace_period: "5s"',
    // The default syncs every two minutes: an acknowledged record could be lost in a power cut.
    `jetstream { store_dir: "${DATA}/jetstream", sync_interval: always, max_file_store: ${MAX_FILE_STORE} }`,
    ...(replicas > 1 ? cluster : []),
    ...(tlsSecretName === undefined ? [] : TLS),
    'include "./trust/nats-trust.conf"',
    '',
  ].join('\n');
}

function statefulSet(
  installation: Installation,
  embedded: Embedded,
  checksums: { config: string; secrets: string },
): object {
  const { names, name, spec } = installation;
  return {
    ...claims('data', embedded.storage, spec.deletionPolicy),
    podManagementPolicy: 'Parallel',
    replicas: embedded.replicas,
    selector: { matchLabels: selectorLabels('nats', name) },
    serviceName: names.natsHeadless,
    template: podTemplate({
      component: 'nats',
      instance: name,
      fields: {},
      annotations: { [CONFIG_CHECKSUM]: checksums.config, [SECRETS_CHECKSUM]: checksums.secrets },
      labels: metadataOf(installation, 'nats', names.nats).labels ?? {},
      serviceAccount: names.nats,
      user: USERS.nats,
      graceSeconds: 60,
      pullSecrets: spec.images.pullSecrets,
      containers: [container(installation, embedded)],
      volumes: [
        { name: 'config', configMap: { name: names.nats } },
        secretVolume('trust', names.trust, ['nats-trust.conf']),
        { name: 'run', emptyDir: {} },
        ...(embedded.tlsSecretName === undefined
          ? []
          : [secretVolume('tls', embedded.tlsSecretName, TLS_FILES)]),
      ],
    }),
  };
}

/** Read by the server as a list: a variable inside a quoted text is not replaced. */
function routeList({ names }: Installation, replicas: number): string {
  const routes = Array.from(
    { length: replicas },
    (_, index) =>
      `"nats://routes:$(NATS_ROUTES_PASSWORD)@${names.nats}-${index}.${names.natsHeadless}:${PORTS.natsRoutes}"`,
  );
  return `[${routes.join(', ')}]`;
}

function container(installation: Installation, embedded: Embedded): object {
  const { spec, release, names } = installation;
  const probe = (path: string): object => ({ httpGet: { path, port: 'monitor' } });
  return {
    name: 'nats',
    image: imageOf(spec.images, release, 'Nats'),
    imagePullPolicy: spec.images.pullPolicy,
    command: ['nats-server', '--config', '/etc/nats/nats.conf', '--pid', '/run/nats/nats.pid'],
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'NATS_ROUTES_PASSWORD', valueFrom: { secretKeyRef: { name: names.nats, key: ROUTES_KEY } } },
      { name: 'NATS_ROUTES', value: routeList(installation, embedded.replicas) },
    ],
    // Clients move to another server before this one goes.
    lifecycle: {
      preStop: { exec: { command: ['nats-server', '--signal', 'ldm=/run/nats/nats.pid'] } },
    },
    ports: [
      { name: 'client', containerPort: PORTS.nats, protocol: 'TCP' },
      { name: 'routes', containerPort: PORTS.natsRoutes, protocol: 'TCP' },
      { name: 'monitor', containerPort: PORTS.natsMonitor, protocol: 'TCP' },
    ],
    startupProbe: { ...probe('/healthz?js-server-only=true'), failureThreshold: 90, periodSeconds: 2 },
    readinessProbe: { ...probe('/healthz?js-server-only=true'), failureThreshold: 3, periodSeconds: 5 },
    // A stream that could not write once, on a full disk, takes nothing more until its server starts again. A server that is
    // behind the others is not well either: it has ten minutes to come nearer before it goes on where it was.
    livenessProbe: { ...probe('/healthz'), failureThreshold: 60, periodSeconds: 10 },
    resources: embedded.resources,
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [
      { name: 'config', mountPath: '/etc/nats/nats.conf', subPath: 'nats.conf', readOnly: true },
      { name: 'trust', mountPath: '/etc/nats/trust', readOnly: true },
      { name: 'data', mountPath: DATA },
      { name: 'run', mountPath: '/run/nats' },
      ...(embedded.tlsSecretName === undefined
        ? []
        : [{ name: 'tls', mountPath: TLS_FOLDER, readOnly: true }]),
    ],
    workingDir: DATA,
  };
}

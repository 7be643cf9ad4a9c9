import type { IngestSpec, KubeMetadata } from '@process-meter/crds';
import { CONFIG_MAPS, DEPLOYMENTS, DISRUPTION_BUDGETS, SERVICES, SERVICE_ACCOUNTS } from '../resources.ts';
import { contentHash, type Desired } from '../runtime/index.ts';
import { objectLabels, selectorLabels } from './labels.ts';
import { RESTRICTED_CONTAINER, USERS, podTemplate, type PodFields } from './pod.ts';
import { desired } from './tidy.ts';

/** Where in the images of the product the programs are. */
const APP_FOLDER = '/app';
export const CONFIG_CHECKSUM = 'processmeter.io/config-checksum';
export const SECRETS_CHECKSUM = 'processmeter.io/secrets-checksum';

export type PartSpec = PodFields &
  Pick<
    IngestSpec,
    'processMeterRef' | 'image' | 'imagePullPolicy' | 'imagePullSecrets' | 'replicas' | 'logLevel'
  >;

/** What tells Manager, Ingest and Portal apart. */
export interface Part {
  component: 'manager' | 'ingest' | 'portal';
  script: string;
  port: number;
  /** Environment that is no secret; it is kept in a ConfigMap. */
  env: Record<string, string>;
  /** Environment from Secrets. */
  secretEnv: readonly { variable: string; name: string; key: string }[];
  volumes: readonly object[];
  mounts: readonly { name: string; mountPath: string }[];
}

export interface PartOwner {
  metadata: KubeMetadata;
  spec: PartSpec;
}

/** Everything that one Manager, Ingest or Portal consists of. Pure: the same input gives the same bytes. */
export function renderPart(owner: PartOwner, part: Part, secretsChecksum: string): Desired[] {
  const { name: instance, namespace } = owner.metadata;
  const name = `${instance}-${part.component}`;
  const labels = objectLabels(part.component, instance, owner.spec.processMeterRef.name);
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), labels };
  const selector = selectorLabels(part.component, instance);
  return [
    desired(SERVICE_ACCOUNTS, { metadata, automountServiceAccountToken: false }),
    desired(CONFIG_MAPS, { metadata, data: environment(owner.spec, part) }),
    desired(SERVICES, {
      metadata,
      spec: { selector, ports: [{ name: 'http', port: part.port, protocol: 'TCP', targetPort: 'http' }] },
    }),
    desired(DEPLOYMENTS, { metadata, spec: deployment(owner, part, { name, labels, secretsChecksum }) }),
    ...(owner.spec.replicas > 1 ? [desired(DISRUPTION_BUDGETS, { metadata, spec: budget(selector) })] : []),
  ];
}

function environment(spec: PartSpec, part: Part): Record<string, string> {
  return {
    NODE_ENV: 'production',
    PM_HOST: '0.0.0.0',
    PM_LOG_LEVEL: spec.logLevel.toLowerCase(),
    PM_PORT: String(part.port),
    ...part.env,
  };
}

/** Of what is healthy one may go at a time; a pod that never got ready holds up nobody's drain. */
export function budget(selector: Record<string, string>): object {
  return {
    maxUnavailable: 1,
    selector: { matchLabels: selector },
    unhealthyPodEvictionPolicy: 'AlwaysAllow',
  };
}

function deployment(
  { metadata, spec }: PartOwner,
  part: Part,
  given: { name: string; labels: Record<string, string>; secretsChecksum: string },
): object {
  const selector = selectorLabels(part.component, metadata.name);
  return {
    minReadySeconds: 5,
    progressDeadlineSeconds: 600,
    replicas: spec.replicas,
    revisionHistoryLimit: 5,
    selector: { matchLabels: selector },
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
    template: podTemplate({
      component: part.component,
      instance: metadata.name,
      fields: spec,
      annotations: {
        [CONFIG_CHECKSUM]: contentHash(environment(spec, part)),
        [SECRETS_CHECKSUM]: given.secretsChecksum,
      },
      labels: given.labels,
      serviceAccount: given.name,
      user: USERS.app,
      graceSeconds: 60,
      // Else the pods of a new revision may stand on one node once those that they replace are gone.
      revisionLabel: 'pod-template-hash',
      pullSecrets: spec.imagePullSecrets,
      containers: [container(spec, part, given.name)],
      volumes: [...part.volumes, { name: 'tmp', emptyDir: {} }],
    }),
  };
}

function container(spec: PartSpec, part: Part, configMap: string): object {
  return {
    name: part.component,
    image: spec.image,
    imagePullPolicy: spec.imagePullPolicy,
    command: ['node', part.script],
    workingDir: APP_FOLDER,
    env: part.secretEnv.map(({ variable, name, key }) => ({
      name: variable,
      valueFrom: { secretKeyRef: { name, key } },
    })),
    envFrom: [{ configMapRef: { name: configMap } }],
    // New connections stop only when every node has heard that the pod goes: until then it still serves.
    lifecycle: { preStop: { sleep: { seconds: 5 } } },
    ports: [{ name: 'http', containerPort: part.port, protocol: 'TCP' }],
    startupProbe: { httpGet: { path: '/healthz', port: 'http' }, failureThreshold: 60, periodSeconds: 2 },
    livenessProbe: {
      httpGet: { path: '/healthz', port: 'http' },
      failureThreshold: 6,
      periodSeconds: 10,
      timeoutSeconds: 5,
    },
    readinessProbe: {
      httpGet: { path: '/readyz', port: 'http' },
      failureThreshold: 2,
      periodSeconds: 5,
      timeoutSeconds: 3,
    },
    resources: spec.resources,
    securityContext: RESTRICTED_CONTAINER,
    volumeMounts: [
      ...part.mounts.map((mount) => ({ ...mount, readOnly: true })),
      { name: 'tmp', mountPath: '/tmp' },
    ],
  };
}

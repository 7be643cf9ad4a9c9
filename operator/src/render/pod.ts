import type { IngestSpec } from '@process-meter/crds';
import { selectorLabels, type Component } from './labels.ts';

/** How people run the pods of a part; the same fields in every kind. */
export type PodFields = Pick<
  IngestSpec,
  'resources' | 'nodeSelector' | 'tolerations' | 'priorityClassName' | 'podLabels' | 'podAnnotations'
>;

/** Users of the images. Numbers, because `runAsNonRoot` is checked by number. */
export const USERS = { app: 65_532, nats: 65_532, postgres: 999 };

/** The restricted profile of Pod Security, with a root file system that nobody can write. */
export const RESTRICTED_CONTAINER = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
};

/** What a container leaves for whoever looks at its pod: what it wrote there, or else how its log ended. */
export const LAST_WORD = {
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'FallbackToLogsOnError',
};

export function restrictedPod(user: number): object {
  return {
    fsGroup: user,
    fsGroupChangePolicy: 'OnRootMismatch',
    runAsGroup: user,
    runAsNonRoot: true,
    runAsUser: user,
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

export interface PodInput {
  component: Component;
  instance: string;
  fields: PodFields;
  annotations: Record<string, string>;
  labels: Record<string, string>;
  serviceAccount: string;
  user: number;
  graceSeconds: number;
  /** Label that tells the pods of one revision; each revision is spread by itself. Without it all pods are spread together. */
  revisionLabel?: string;
  pullSecrets: readonly { name: string }[] | undefined;
  containers: readonly object[];
  volumes: readonly object[];
}

/** A pod template; what people add never overrides what the parts are found and watched by. */
export function podTemplate(input: PodInput): object {
  const { fields } = input;
  return {
    metadata: {
      annotations: { ...fields.podAnnotations, ...input.annotations },
      labels: { ...fields.podLabels, ...input.labels },
    },
    spec: {
      automountServiceAccountToken: false,
      containers: input.containers,
      enableServiceLinks: false,
      imagePullSecrets: input.pullSecrets,
      nodeSelector: fields.nodeSelector,
      priorityClassName: fields.priorityClassName,
      securityContext: restrictedPod(input.user),
      serviceAccountName: input.serviceAccount,
      terminationGracePeriodSeconds: input.graceSeconds,
      tolerations: fields.tolerations,
      topologySpreadConstraints: [
        {
          labelSelector: { matchLabels: selectorLabels(input.component, input.instance) },
          matchLabelKeys: input.revisionLabel === undefined ? undefined : [input.revisionLabel],
          maxSkew: 1,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
        },
      ],
      volumes: input.volumes,
    },
  };
}

/** A template for a Job: its pods run to their end, and the Job alone decides whether there is another try. */
export function jobPodTemplate(input: PodInput): object {
  const pod = podTemplate(input);
  const spec = 'spec' in pod && typeof pod.spec === 'object' && pod.spec !== null ? pod.spec : {};
  return { ...pod, spec: { ...spec, restartPolicy: 'Never' } };
}

/** A volume with some files of a Secret; nobody is given a key that it does not use. */
export function secretVolume(name: string, secretName: string, files: readonly string[]): object {
  const items = files.map((file) => ({ key: file, path: file }));
  return { name, secret: { secretName, defaultMode: 0o440, items } };
}

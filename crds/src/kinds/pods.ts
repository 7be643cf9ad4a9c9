import { z } from 'zod';
import { list, objectName, reference, references, secretKey, text } from '../schema/fields.ts';
import type { Rule } from '../schema/rules.ts';

const QUANTITY = /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;

function amount(description: string) {
  return z
    .union([z.int(), z.string().max(20).regex(QUANTITY)])
    .describe(description)
    .meta({ 'x-kubernetes-int-or-string': true });
}

function amounts(description: string) {
  return z
    .object({
      cpu: amount('Processor cores, such as 500m.').optional(),
      memory: amount('Bytes of memory, such as 512Mi.').optional(),
    })
    .describe(description);
}

const resources = z
  .object({
    requests: amounts('What a pod is given for certain.').optional(),
    limits: amounts('What a pod may not exceed.').optional(),
  })
  .describe('Processor and memory of each pod.');

const toleration = z.object({
  key: z.string().max(316).optional().describe('Key of the taint; empty with Exists tolerates all.'),
  operator: z.enum(['Exists', 'Equal']).optional().describe('How the value is compared.'),
  value: z.string().max(63).optional().describe('Value of the taint.'),
  effect: z.enum(['NoSchedule', 'PreferNoSchedule', 'NoExecute']).optional().describe('Effect of the taint.'),
  tolerationSeconds: z.int().min(0).optional().describe('How long NoExecute is tolerated, in seconds.'),
});

function labels(description: string) {
  return z.record(z.string(), z.string().max(4096)).describe(description).meta({ maxProperties: 64 });
}

/** How the pods of a part are run. The chart, the ProcessMeter and the parts say it in the same words. */
export const podFields = {
  resources: resources.optional(),
  nodeSelector: labels('Labels a node must have to run a pod.').optional(),
  tolerations: list(toleration, { max: 32 }, 'Taints of nodes that the pods tolerate.').optional(),
  priorityClassName: objectName('PriorityClass of the pods.').optional(),
  podLabels: labels('More labels for the pods.').optional(),
  podAnnotations: labels('More annotations for the pods.').optional(),
};

export const pullPolicy = z
  .enum(['IfNotPresent', 'Always', 'Never'])
  .default('IfNotPresent')
  .describe('When a node fetches an image.');

export const pullSecrets = references(8, 'Secrets with the credentials of the image registry.').optional();

export const logLevel = z
  .enum(['Debug', 'Info', 'Warn', 'Error'])
  .default('Info')
  .describe('Least severe messages that are logged.');

const IMAGE =
  /^[a-z0-9]([-a-z0-9._:/]*[a-z0-9])?(:[A-Za-z0-9_][-A-Za-z0-9_.]{0,127})?(@sha256:[a-f0-9]{64})?$/;

/** Fields that Manager, Ingest and Portal share. */
export function partFields(most: number) {
  return {
    processMeterRef: reference('The ProcessMeter it is a part of.'),
    image: z.string().min(1).max(400).regex(IMAGE).describe('Image with tag or digest.'),
    imagePullPolicy: pullPolicy,
    imagePullSecrets: pullSecrets,
    replicas: replicas(most).default(2),
    ...podFields,
    logLevel,
  };
}

export function replicas(most: number) {
  return z.int().min(0).max(most).describe('Number of pods; with one pod an update interrupts the service.');
}

export const storage = z
  .object({
    size: z
      .string()
      .min(1)
      .max(20)
      .regex(QUANTITY)
      .default('10Gi')
      .describe('Size of the volume; it can only grow.'),
    storageClassName: objectName("Class of the volume; empty takes the cluster's default.").optional(),
  })
  .prefault({})
  .describe('Volume of each pod.');

export const databaseBinding = z
  .object({ secretRef: secretKey('uri', 'Secret with the connection URI of PostgreSQL.') })
  .describe('The PostgreSQL database.');

export function servers(description: string) {
  const server = z
    .string()
    .min(1)
    .max(300)
    .regex(/^(nats|tls|wss?):\/\/[^\s,]+$/);
  return list(server, { min: 1, max: 16 }, description);
}

export const messagingBinding = z
  .object({
    servers: servers('NATS servers inside the cluster, such as nats://meter-nats:4222.'),
    trustSecretRef: reference('Secret with the files that `manager trust init` made.'),
    streamReplicas: z
      .int()
      .min(1)
      .max(5)
      .default(1)
      .describe(
        'Copies that the servers keep of what agents sent: no more than there are servers. One is lost with its server.',
      ),
    streamSize: z
      .string()
      .min(1)
      .max(20)
      .regex(QUANTITY)
      .default('20Gi')
      .describe(
        'Room that the servers have for what agents sent. What is stored in the database makes room for more.',
      ),
  })
  .describe('The NATS servers and the keys to them.');

export const trustedProxies = list(
  text(50, 'Address or range.'),
  { max: 32 },
  'Addresses or ranges whose forwarded-for headers are believed, such as 10.244.0.0/16.',
);

/** Status of Manager, Ingest and Portal. */
export const partStatus = {
  replicas: z.int().min(0).optional().describe('Pods that exist.'),
  readyReplicas: z.int().min(0).optional().describe('Pods that answer.'),
  updatedReplicas: z.int().min(0).optional().describe('Pods of the present template.'),
  selector: z.string().max(1024).optional().describe('Selector of its pods, for autoscalers.'),
  image: z.string().max(400).optional().describe('Image that all pods run.'),
};

/** Its name becomes that of Services and a label of pods. */
export const shortName = (most: number): Rule<string> => ({
  cel: `self.metadata.name.size() <= ${most} && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')`,
  message: `metadata.name must begin with a letter, hold only a-z, 0-9 and -, and have at most ${most} characters`,
  holds: (name) => name.length <= most && /^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(name),
});

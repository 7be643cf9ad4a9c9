import { z } from 'zod';
import {
  emptyOr,
  globalValues,
  namespaceName,
  objectNameOrEmpty,
  passedOn,
  passedOnList,
  port,
  pullSecrets,
  resources,
  text,
  textMap,
  tolerations,
} from './values-parts.ts';

const enabled = z.boolean();

const image = z.strictObject({
  registry: emptyOr(/^[^\s/](\S*[^\s/])?$/),
  repository: z.string().regex(/^[a-z0-9]([-a-z0-9._/]*[a-z0-9])?$/),
  tag: emptyOr(/^[A-Za-z0-9_][-A-Za-z0-9_.]{0,127}$/),
  digest: emptyOr(/^sha256:[a-f0-9]{64}$/),
  pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']),
  pullSecrets,
});

const rbac = z.strictObject({
  create: z.boolean(),
  userRoles: z.strictObject({ enabled, aggregate: z.boolean() }),
});

const metrics = z.strictObject({
  port: port.min(1024),
  service: z.strictObject({ enabled, annotations: textMap }),
  serviceMonitor: z.strictObject({
    enabled,
    labels: textMap,
    interval: z.string().regex(/^[0-9]+(ms|s|m|h)$/),
  }),
  rules: z.strictObject({ enabled, labels: textMap }),
});

const networkPolicy = z.strictObject({
  enabled,
  apiServerPorts: z.array(port).min(1),
  managerPorts: z.array(port).min(1),
  metricsFrom: passedOnList,
  extraEgress: passedOnList,
});

/** Values of charts/process-meter-operator. */
export const operatorValuesSchema = z.strictObject({
  global: globalValues,
  nameOverride: objectNameOrEmpty,
  fullnameOverride: objectNameOrEmpty,
  commonLabels: textMap,
  commonAnnotations: textMap,
  image,
  crds: z.strictObject({ enabled, keep: z.boolean() }),
  watchNamespaces: z.array(namespaceName).max(1),
  replicaCount: z.int().min(1).max(5),
  leaderElection: z.strictObject({ enabled }),
  logLevel: z.enum(['Debug', 'Info', 'Warn', 'Error']),
  rbac,
  serviceAccount: z.strictObject({ create: z.boolean(), name: objectNameOrEmpty, annotations: textMap }),
  metrics,
  dashboards: z.strictObject({ enabled, labels: textMap }),
  networkPolicy,
  podDisruptionBudget: z.strictObject({ enabled }),
  preDeleteCheck: z.strictObject({ enabled, timeoutSeconds: z.int().min(10).max(3600) }),
  resources,
  nodeOptions: text,
  podSecurityContext: passedOn,
  securityContext: passedOn,
  podLabels: textMap,
  podAnnotations: textMap,
  nodeSelector: textMap,
  tolerations,
  affinity: passedOn,
  topologySpreadConstraints: passedOnList,
  priorityClassName: objectNameOrEmpty,
  extraEnv: passedOnList,
  extraObjects: passedOnList,
});

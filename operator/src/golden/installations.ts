import { API_VERSION, processMeterSpecSchema, type ProcessMeter } from '@process-meter/crds';

const of = (spec: unknown): ProcessMeter => ({
  apiVersion: API_VERSION,
  kind: 'ProcessMeter',
  metadata: {
    name: 'meter',
    namespace: 'metering',
    uid: '00000000-0000-4000-8000-000000000001',
    generation: 1,
  },
  spec: processMeterSpecSchema.parse(spec),
});

const pods = {
  resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '512Mi' } },
  nodeSelector: { 'corp.local/pool': 'apps' },
  tolerations: [{ key: 'apps', operator: 'Exists', effect: 'NoSchedule' }],
  priorityClassName: 'apps',
  podLabels: { 'corp.local/team': 'licences' },
  podAnnotations: { 'corp.local/scrape': 'true' },
};

/** Installations whose pods no operator may change as long as their version stays: one for each way to run it. */
export const INSTALLATIONS: Readonly<Record<string, ProcessMeter>> = {
  evaluation: of({
    version: '0.1.0',
    database: { mode: 'Embedded', embedded: {} },
    messaging: { mode: 'Embedded', embedded: {} },
  }),
  production: of({
    version: '0.1.0',
    images: {
      registry: 'registry.corp.local/meter',
      pullSecrets: [{ name: 'registry' }],
      overrides: [{ component: 'Portal', digest: `sha256:${'a'.repeat(64)}` }],
    },
    database: { mode: 'External', external: { secretRef: { name: 'meter-database' } } },
    messaging: {
      mode: 'Embedded',
      embedded: {
        replicas: 3,
        storage: { size: '20Gi', storageClassName: 'fast' },
        resources: pods.resources,
      },
      publicServers: ['tls://meter.corp.local:4222'],
    },
    manager: { replicas: 2, trustedProxies: ['10.244.0.0/16'], ...pods },
    ingest: { replicas: 3, ...pods },
    portal: { replicas: 2, ...pods },
    exposure: {
      host: 'meter.corp.local',
      ingress: { className: 'corp', annotations: { 'corp.local/waf': 'on' }, tlsSecretName: 'meter-tls' },
    },
    backup: { claimName: 'meter-backups', recipients: [`age1${'q'.repeat(58)}`], keep: 30 },
    timeZone: 'Europe/Berlin',
    logLevel: 'Warn',
    deletionPolicy: 'Delete',
  }),
  'object-storage': of({
    version: '0.1.0',
    database: { mode: 'External', external: { secretRef: { name: 'meter-database' } } },
    messaging: { mode: 'Embedded', embedded: {} },
    backup: {
      s3: {
        endpoint: 'https://s3.corp.local:9000',
        bucket: 'meter-backups',
        prefix: 'site-a',
        region: 'corp-1',
        credentialsSecretRef: { name: 'meter-s3' },
        caSecretRef: { name: 'corp-ca' },
      },
      recipients: [`age1${'q'.repeat(58)}`],
    },
  }),
  'own-authority': of({
    version: '0.1.0',
    database: { mode: 'Embedded', embedded: {} },
    messaging: {
      mode: 'Embedded',
      embedded: { replicas: 3, tls: { mode: 'Generated' } },
      publicServers: ['tls://meter.corp.local:4222'],
    },
  }),
  'cert-manager': of({
    version: '0.1.0',
    database: { mode: 'External', external: { secretRef: { name: 'meter-database' } } },
    messaging: {
      mode: 'Embedded',
      embedded: { tls: { mode: 'CertManager', certManager: { issuerRef: { name: 'corp' } } } },
      publicServers: ['tls://meter.corp.local:4222', 'tls://10.1.2.3:4222'],
    },
    exposure: { host: 'meter.corp.local', ingress: {} },
  }),
  'cloud-native': of({
    version: '0.1.0',
    database: { mode: 'CloudNativePG', cloudNativePG: { create: { storage: { size: '50Gi' } } } },
    messaging: {
      mode: 'External',
      external: { servers: ['nats://nats.corp.local:4222'], trustSecretRef: { name: 'meter-trust' } },
    },
    exposure: {
      host: 'meter.corp.local',
      gateway: { parentRefs: [{ name: 'edge', namespace: 'gateways' }] },
    },
    networkPolicy: { mode: 'Disabled' },
  }),
};

import { written, type Examples } from './example.ts';

const of = (spec: unknown, name = 'meter') => written('ProcessMeter', name, spec);

const evaluation = {
  version: '0.1.0',
  database: { mode: 'Embedded', embedded: {} },
  messaging: { mode: 'Embedded', embedded: {} },
};

const production = {
  version: '0.1.0',
  images: { registry: 'registry.corp.local/meter', pullSecrets: [{ name: 'registry' }] },
  database: { mode: 'External', external: { secretRef: { name: 'meter-database' } } },
  messaging: {
    mode: 'Embedded',
    embedded: {
      replicas: 3,
      storage: { size: '20Gi', storageClassName: 'fast' },
      tlsSecretName: 'meter-nats-tls',
    },
    publicServers: ['tls://meter.corp.local:4222'],
  },
  manager: {
    replicas: 2,
    resources: { requests: { cpu: '250m', memory: '256Mi' }, limits: { memory: '512Mi' } },
  },
  ingest: { replicas: 2 },
  portal: { replicas: 2 },
  exposure: { host: 'meter.corp.local', ingress: { className: 'corp', tlsSecretName: 'meter-tls' } },
  backup: { claimName: 'meter-backups', recipients: [`age1${'q'.repeat(58)}`] },
  timeZone: 'Europe/Berlin',
};

const s3 = {
  endpoint: 'https://s3.corp.local:9000',
  bucket: 'meter-backups',
  prefix: 'site-a',
  credentialsSecretRef: { name: 'meter-s3' },
  caSecretRef: { name: 'corp-ca' },
};

const toBucket = (changed: object, more: object = {}) => ({
  ...production,
  backup: { recipients: production.backup.recipients, s3: { ...s3, ...changed }, ...more },
});

const withTls = (tls: object) => ({
  ...evaluation,
  messaging: { mode: 'Embedded', embedded: { tls } },
});
const TLS_MEMBER =
  'messaging.embedded.tls needs exactly the member of its mode: secretRef with Secret, certManager with CertManager, with Generated at most generated';

const cloudNative = {
  ...evaluation,
  database: { mode: 'CloudNativePG', cloudNativePG: { create: { storage: { size: '50Gi' } } } },
};

const DATABASE_MEMBER =
  'database needs exactly the member of its mode: external with External, cloudNativePG with CloudNativePG, embedded with Embedded';
const MESSAGING_MEMBER =
  'messaging needs exactly the member of its mode: external with External, embedded with Embedded';
const BACKUP_PLACE = 'backup needs either claimName or s3, not both';
const MODE_STAYS = 'mode cannot change: what is stored there would be left behind';
const NAME =
  'metadata.name must begin with a letter, hold only a-z, 0-9 and -, and have at most 40 characters';

export const processMeterExamples: Examples = {
  kind: 'ProcessMeter',
  valid: [
    {
      name: 'production on a PostgreSQL of yours, three NATS servers, an Ingress, backups',
      object: of(production),
      defaults: { 'backup.schedule': '15 2 * * *', 'backup.keep': 14, 'backup.suspend': false },
    },
    {
      name: 'backups to a bucket of an S3 server of yours',
      object: of(toBucket({})),
      defaults: {
        'backup.s3.region': 'us-east-1',
        'backup.s3.credentialsSecretRef.accessKeyIdKey': 'AWS_ACCESS_KEY_ID',
        'backup.s3.credentialsSecretRef.secretAccessKeyKey': 'AWS_SECRET_ACCESS_KEY',
        'backup.s3.caSecretRef.key': 'ca.crt',
      },
    },
    {
      name: 'evaluation: everything runs in the cluster',
      object: of(evaluation),
      defaults: {
        'images.pullPolicy': 'IfNotPresent',
        'database.embedded.storage.size': '10Gi',
        'messaging.embedded.replicas': 1,
        'messaging.embedded.storage.size': '10Gi',
        'networkPolicy.mode': 'Enabled',
        'upgrade.strategy': 'Automatic',
        'configSync.maxDeletePercent': 20,
        timeZone: 'UTC',
        logLevel: 'Info',
        deletionPolicy: 'Retain',
        paused: false,
      },
    },
    {
      name: 'a PostgreSQL of the CloudNativePG operator, made for it',
      object: of(cloudNative),
      defaults: { 'database.cloudNativePG.create.instances': 3 },
    },
    {
      name: 'NATS servers of yours and a Gateway',
      object: of({
        ...production,
        messaging: {
          mode: 'External',
          external: { servers: ['nats://nats.corp.local:4222'], trustSecretRef: { name: 'meter-trust' } },
        },
        exposure: {
          host: 'meter.corp.local',
          gateway: { parentRefs: [{ name: 'edge', namespace: 'gateways' }] },
        },
      }),
    },
    {
      name: 'NATS servers with certificates of their own authority',
      object: of(withTls({ mode: 'Generated', generated: {} })),
      defaults: {
        'messaging.embedded.tls.generated.revision': 1,
        'messaging.embedded.tls.generated.overlap': '24h',
      },
    },
    {
      name: 'NATS servers with a certificate of cert-manager',
      object: of(withTls({ mode: 'CertManager', certManager: { issuerRef: { name: 'corp' } } })),
      defaults: {
        'messaging.embedded.tls.certManager.issuerRef.kind': 'Issuer',
        'messaging.embedded.tls.certManager.issuerRef.group': 'cert-manager.io',
      },
    },
    {
      name: 'NATS servers with a certificate of yours, whose authority agents are told',
      object: of(withTls({ mode: 'Secret', secretRef: { name: 'nats-tls' } })),
    },
    {
      name: 'processor as a plain number, one image of its own',
      object: of({
        ...evaluation,
        portal: { resources: { limits: { cpu: 2, memory: '1Gi' } } },
        images: { overrides: [{ component: 'Postgres', tag: '18.4' }] },
      }),
    },
  ],
  invalid: [
    {
      name: 'a name that no Service can have',
      object: of(evaluation, 'meter.production'),
      field: '<nil>',
      message: NAME,
    },
    {
      name: 'a name that leaves no room',
      object: of(evaluation, 'm'.repeat(41)),
      field: '<nil>',
      message: NAME,
    },
    {
      name: 'a version that is none',
      object: of({ ...evaluation, version: 'latest' }),
      field: 'spec.version',
      message: 'spec.version in body should match',
    },
    {
      name: 'the member of another mode',
      object: of({ ...evaluation, database: { mode: 'External', embedded: {} } }),
      field: 'spec.database',
      message: DATABASE_MEMBER,
    },
    {
      name: 'two members',
      object: of({
        ...evaluation,
        database: { mode: 'Embedded', embedded: {}, external: { secretRef: { name: 'meter-database' } } },
      }),
      field: 'spec.database',
      message: DATABASE_MEMBER,
    },
    {
      name: 'a Cluster to make and one that is there',
      object: of({
        ...evaluation,
        database: { mode: 'CloudNativePG', cloudNativePG: { clusterRef: { name: 'pg' }, create: {} } },
      }),
      field: 'spec.database.cloudNativePG',
      message: 'database.cloudNativePG needs either clusterRef or create, not both',
    },
    {
      name: 'another mode of the database',
      before: of(evaluation),
      object: of({ ...evaluation, database: production.database }),
      field: 'spec.database',
      message: MODE_STAYS,
    },
    {
      name: 'a smaller volume',
      before: of(evaluation),
      object: of({ ...evaluation, database: { mode: 'Embedded', embedded: { storage: { size: '9Gi' } } } }),
      field: 'spec.database.embedded.storage',
      message: 'storage cannot shrink',
    },
    {
      name: 'no member of the mode of messaging',
      object: of({ ...evaluation, messaging: { mode: 'Embedded' } }),
      field: 'spec.messaging',
      message: MESSAGING_MEMBER,
    },
    {
      name: 'another mode of messaging',
      before: of(evaluation),
      object: of({
        ...evaluation,
        messaging: {
          mode: 'External',
          external: { servers: ['nats://nats:4222'], trustSecretRef: { name: 'trust' } },
        },
      }),
      field: 'spec.messaging',
      message: MODE_STAYS,
    },
    {
      name: 'two NATS servers',
      object: of({ ...evaluation, messaging: { mode: 'Embedded', embedded: { replicas: 2 } } }),
      field: 'spec.messaging.embedded',
      message: 'messaging.embedded.replicas must be 1, 3 or 5: an even number of servers has no majority',
    },
    {
      name: 'a certificate of yours without its Secret',
      object: of(withTls({ mode: 'Secret' })),
      field: 'spec.messaging.embedded.tls',
      message: TLS_MEMBER,
    },
    {
      name: 'an own authority and an issuer',
      object: of(withTls({ mode: 'Generated', certManager: { issuerRef: { name: 'corp' } } })),
      field: 'spec.messaging.embedded.tls',
      message: TLS_MEMBER,
    },
    {
      name: 'a new authority that signs before any agent could know it',
      object: of(withTls({ mode: 'Generated', generated: { overlap: '1s' } })),
      field: 'spec.messaging.embedded.tls.generated.overlap',
      message: 'messaging.embedded.tls.generated.overlap must be between 30s and 2160h',
    },
    {
      name: 'an Ingress and a Gateway',
      object: of({
        ...evaluation,
        exposure: { host: 'meter.corp.local', ingress: {}, gateway: { parentRefs: [{ name: 'edge' }] } },
      }),
      field: 'spec.exposure',
      message: 'exposure needs either ingress or gateway, not both',
    },
    {
      name: 'an image override that changes nothing',
      object: of({ ...evaluation, images: { overrides: [{ component: 'Manager' }] } }),
      field: 'spec.images.overrides[0]',
      message: 'an image override needs a repository, a tag or a digest',
    },
    {
      name: 'an approval that is no release',
      object: of({ ...evaluation, upgrade: { strategy: 'Supervised', approvedVersion: 'latest' } }),
      field: 'spec.upgrade.approvedVersion',
      message: 'should match',
    },
    {
      name: 'a schedule that is none',
      object: of({ ...production, backup: { ...production.backup, schedule: 'every night' } }),
      field: 'spec.backup.schedule',
      message: 'should match',
    },
    {
      name: 'backups that nobody could read',
      object: of({ ...production, backup: { ...production.backup, recipients: [] } }),
      field: 'spec.backup.recipients',
      message: 'should have at least 1 items',
    },
    {
      name: 'the secret key in place of the public one',
      object: of({
        ...production,
        backup: { claimName: 'b', recipients: [`AGE-SECRET-KEY-1${'Q'.repeat(58)}`] },
      }),
      field: 'spec.backup.recipients[0]',
      message: 'should match',
    },
    {
      name: 'backups to a claim and to a bucket',
      object: of(toBucket({}, { claimName: 'meter-backups' })),
      field: 'spec.backup',
      message: BACKUP_PLACE,
    },
    {
      name: 'backups to nowhere',
      object: of({ ...production, backup: { recipients: production.backup.recipients } }),
      field: 'spec.backup',
      message: BACKUP_PLACE,
    },
    {
      name: 'an S3 server that is no address',
      object: of(toBucket({ endpoint: 's3.corp.local:9000' })),
      field: 'spec.backup.s3.endpoint',
      message: 'should match',
    },
    {
      name: 'a bucket that no server takes',
      object: of(toBucket({ bucket: 'Meter_Backups' })),
      field: 'spec.backup.s3.bucket',
      message: 'should match',
    },
    {
      name: 'a prefix that begins with a slash',
      object: of(toBucket({ prefix: '/site-a' })),
      field: 'spec.backup.s3.prefix',
      message: 'should match',
    },
    {
      name: 'a digest that is none',
      object: of({ ...evaluation, images: { overrides: [{ component: 'Manager', digest: 'sha256:12' }] } }),
      field: 'spec.images.overrides[0].digest',
      message: 'should match',
    },
    {
      name: 'a part named twice',
      object: of({
        ...evaluation,
        images: {
          overrides: [
            { component: 'Nats', tag: '1' },
            { component: 'Nats', tag: '2' },
          ],
        },
      }),
      field: 'spec.images.overrides[1]',
      message: 'Duplicate value',
    },
  ],
};

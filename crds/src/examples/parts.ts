import { written, type Examples } from './example.ts';

const NAME =
  'metadata.name must begin with a letter, hold only a-z, 0-9 and -, and have at most 52 characters';

const common = { processMeterRef: { name: 'meter' } };
const database = { secretRef: { name: 'meter-database' } };
const messaging = { servers: ['nats://meter-nats:4222'], trustSecretRef: { name: 'meter-trust' } };

const managerSpec = { ...common, image: 'registry.corp.local/meter/manager:0.1.0', database, messaging };

export const managerExamples: Examples = {
  kind: 'Manager',
  valid: [
    {
      name: 'two pods',
      object: written('Manager', 'meter', managerSpec),
      defaults: {
        replicas: 2,
        imagePullPolicy: 'IfNotPresent',
        logLevel: 'Info',
        timeZone: 'UTC',
        'database.secretRef.key': 'uri',
      },
    },
    {
      name: 'one of many to be scaled, on nodes of its own',
      object: written('Manager', 'meter', {
        ...managerSpec,
        image: `registry.corp.local/meter/manager@sha256:${'a'.repeat(64)}`,
        replicas: 3,
        nodeSelector: { disk: 'fast' },
        tolerations: [{ key: 'meter', operator: 'Exists', effect: 'NoSchedule' }],
        trustedProxies: ['10.244.0.0/16'],
      }),
    },
  ],
  invalid: [
    {
      name: 'a name that no Service can have',
      object: written('Manager', '1meter', managerSpec),
      field: '<nil>',
      message: NAME,
    },
    {
      name: 'an image that is none',
      object: written('Manager', 'meter', { ...managerSpec, image: 'Manager of yesterday' }),
      field: 'spec.image',
      message: 'spec.image in body should match',
    },
    {
      name: 'more pods than there is work for',
      object: written('Manager', 'meter', { ...managerSpec, replicas: 9 }),
      field: 'spec.replicas',
      message: 'should be less than or equal to 8',
    },
    {
      name: 'a NATS server without its scheme',
      object: written('Manager', 'meter', {
        ...managerSpec,
        messaging: { ...messaging, servers: ['meter-nats:4222'] },
      }),
      field: 'spec.messaging.servers[0]',
      message: 'should match',
    },
  ],
};

const ingestSpec = { ...common, image: 'registry.corp.local/meter/ingest:0.1.0', database, messaging };

export const ingestExamples: Examples = {
  kind: 'Ingest',
  valid: [
    {
      name: 'two pods',
      object: written('Ingest', 'meter', ingestSpec),
      defaults: { replicas: 2, logLevel: 'Info' },
    },
  ],
  invalid: [
    {
      name: 'a name that leaves no room',
      object: written('Ingest', 'i'.repeat(53), ingestSpec),
      field: '<nil>',
      message: NAME,
    },
    {
      name: 'no database',
      object: written('Ingest', 'meter', { ...common, image: ingestSpec.image, messaging }),
      field: 'spec.database',
      message: 'Required value',
    },
  ],
};

const portalSpec = {
  ...common,
  image: 'registry.corp.local/meter/portal:0.1.0',
  managerUrl: 'http://meter-manager:8080',
  publicManagerUrl: 'https://meter.corp.local',
};

export const portalExamples: Examples = {
  kind: 'Portal',
  valid: [
    {
      name: 'two pods',
      object: written('Portal', 'meter', portalSpec),
      defaults: { replicas: 2, logLevel: 'Info' },
    },
  ],
  invalid: [
    {
      name: 'a name that no Service can have',
      object: written('Portal', 'meter-', portalSpec),
      field: 'metadata.name',
      message: 'Invalid value',
    },
    {
      name: 'a name with a dot',
      object: written('Portal', 'meter.portal', portalSpec),
      field: '<nil>',
      message: NAME,
    },
    {
      name: 'an address of another kind',
      object: written('Portal', 'meter', { ...portalSpec, managerUrl: 'ftp://meter' }),
      field: 'spec.managerUrl',
      message: 'should match',
    },
  ],
};

import { z } from 'zod';
import { READY_COLUMNS, type Kind, type Resource } from '../schema/kind.ts';
import { count, instant, list, listByKeys, objectName, secretKey, text } from '../schema/fields.ts';
import { withRules } from '../schema/rules.ts';
import { platformStatus } from '../schema/status.ts';
import { backupSchema } from './backup.ts';
import { databaseSchema, messagingSchema } from './bindings.ts';
import { logLevel, podFields, pullPolicy, pullSecrets, replicas, shortName, trustedProxies } from './pods.ts';

const COMPONENTS = ['Manager', 'Ingest', 'Portal', 'Nats', 'Postgres'] as const;

const imageOverride = withRules(
  z.object({
    component: z.enum(COMPONENTS).describe('The part whose image it is.'),
    repository: text(300, 'Image without tag, such as registry.corp.local/meter/manager.').optional(),
    tag: z
      .string()
      .max(128)
      .regex(/^[A-Za-z0-9_][-A-Za-z0-9_.]*$/)
      .optional()
      .describe('Tag in place of that of the release.'),
    digest: z
      .string()
      .max(71)
      .regex(/^sha256:[a-f0-9]{64}$/)
      .optional()
      .describe('Digest in place of that of the release; wins over the tag.'),
  }),
  [
    {
      cel: 'has(self.repository) || has(self.tag) || has(self.digest)',
      message: 'an image override needs a repository, a tag or a digest',
      holds: (it) => it.repository !== undefined || it.tag !== undefined || it.digest !== undefined,
    },
  ],
);

const images = z
  .object({
    registry: text(250, 'Registry and path that all images are taken from, for a mirror.').optional(),
    pullPolicy,
    pullSecrets,
    overrides: listByKeys(imageOverride, ['component'], { max: COMPONENTS.length })
      .optional()
      .describe('Images other than those of the release.'),
  })
  .prefault({})
  .describe('Where the images come from.');

function part(most: number, what: string) {
  return z
    .object({
      replicas: replicas(most)
        .optional()
        .describe('Number of pods; left alone when empty, so that they can be scaled.'),
      ...podFields,
    })
    .describe(`How ${what} runs.`);
}

const ingress = z
  .object({
    className: objectName("Class of the Ingress; empty takes the cluster's default.").optional(),
    annotations: z
      .record(z.string(), z.string().max(4096))
      .optional()
      .describe('Annotations for the ingress controller.')
      .meta({ maxProperties: 64 }),
    tlsSecretName: objectName(
      'Secret with the certificate; without it the Ingress is plain HTTP.',
    ).optional(),
  })
  .describe('An Ingress for the portal.');

const parentRef = z.object({
  name: objectName('Name of the Gateway.'),
  namespace: objectName('Its namespace; that of the ProcessMeter when empty.').optional(),
  sectionName: objectName('Its listener; any when empty.').optional(),
});

const exposure = withRules(
  z
    .object({
      host: z
        .string()
        .max(253)
        .regex(/^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/)
        .describe('Name under which people and agents reach it, such as meter.corp.local.'),
      ingress: ingress.optional(),
      gateway: z
        .object({ parentRefs: list(parentRef, { min: 1, max: 8 }, 'Gateways that carry it.') })
        .optional()
        .describe('An HTTPRoute of the Gateway API for the portal; TLS ends at the Gateway.'),
    })
    .describe('How the portal is reached from outside; without it only by its Service.'),
  [
    {
      cel: 'has(self.ingress) != has(self.gateway)',
      message: 'exposure needs either ingress or gateway, not both',
      holds: (it) => (it.ingress !== undefined) !== (it.gateway !== undefined),
    },
  ],
);

const release = z
  .string()
  .max(60)
  .regex(/^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}(-[0-9A-Za-z.-]{1,40})?$/);

const upgrade = z
  .object({
    strategy: z
      .enum(['Automatic', 'Supervised'])
      .default('Automatic')
      .describe('Automatic moves to the wanted release at once; Supervised waits for its approval.'),
    approvedVersion: release
      .optional()
      .describe('Release that may be moved to, with Supervised. Another one waits until it stands here.'),
  })
  .prefault({})
  .describe('How it moves from release to release.');

export const processMeterSpecSchema = z
  .object({
    version: release.describe(
      'Release of the product to run. Nothing but this and the fields below changes a pod: an upgrade of the operator does not.',
    ),
    images,
    database: databaseSchema,
    messaging: messagingSchema,
    manager: part(8, 'the Manager')
      .extend({
        adminSecretRef: secretKey(
          'password',
          'Secret with the password of the first administrator; made by the operator when empty.',
        ).optional(),
        trustedProxies: trustedProxies.optional(),
      })
      .optional()
      .describe('How the Manager runs.'),
    ingest: part(16, 'Ingest').optional(),
    portal: part(16, 'the portal').optional(),
    upgrade,
    exposure: exposure.optional(),
    backup: backupSchema.optional(),
    networkPolicy: z
      .object({
        mode: z
          .enum(['Enabled', 'Disabled'])
          .default('Enabled')
          .describe('Enabled lets pods talk only where the product needs it.'),
      })
      .prefault({})
      .describe('NetworkPolicies of the parts.'),
    configSync: z
      .object({
        maxDeletePercent: z
          .int()
          .min(0)
          .max(100)
          .default(20)
          .describe(
            'Largest share of what was declared that one sweep may delete from the Manager, in percent.',
          ),
      })
      .prefault({})
      .describe('How licensing resources are brought to the Manager.'),
    timeZone: text(64, 'Time zone of the account made at the first start, such as Europe/Berlin.').default(
      'UTC',
    ),
    logLevel,
    deletionPolicy: z
      .enum(['Retain', 'Delete'])
      .default('Retain')
      .describe(
        'What happens to volumes, generated Secrets and a generated Cluster when the ProcessMeter is deleted.',
      ),
    paused: z
      .boolean()
      .default(false)
      .describe('True leaves everything as it is, also what was changed by hand.'),
  })
  .describe('The wanted state of the installation.');

const componentStatus = z.object({
  name: z.enum(COMPONENTS).describe('The part.'),
  ready: count('Pods that answer.'),
  desired: count('Pods that are wanted.'),
  version: text(60, 'Release that all its pods run.').optional(),
});

export const processMeterStatusSchema = platformStatus({
  version: z.string().max(60).optional().describe('Release that runs now.'),
  schemaVersion: z.string().max(60).optional().describe('Newest migration in the database.'),
  restoredAt: instant('When a restore last replaced the database.').optional(),
  components: listByKeys(componentStatus, ['name'], { max: COMPONENTS.length })
    .optional()
    .describe('The parts and how many pods of each answer.'),
  url: z.string().max(300).optional().describe('Where people open the portal.'),
});

export type ProcessMeterSpec = z.output<typeof processMeterSpecSchema>;
export type ProcessMeter = Resource<
  'ProcessMeter',
  ProcessMeterSpec,
  z.output<typeof processMeterStatusSchema>
>;

export const processMeter = {
  kind: 'ProcessMeter',
  plural: 'processmeters',
  area: 'platform',
  shortNames: ['pm'],
  categories: ['processmeter'],
  summary:
    'One installation of Process Meter: Manager, Ingest, Portal and what they need. One per namespace.',
  spec: processMeterSpecSchema,
  status: processMeterStatusSchema,
  nameRules: [shortName(40)],
  columns: [
    ...READY_COLUMNS,
    { name: 'Version', type: 'string', jsonPath: '.status.version', description: 'Release that runs now.' },
    { name: 'Wanted', type: 'string', jsonPath: '.spec.version', description: 'Release that is wanted.' },
    { name: 'URL', type: 'string', jsonPath: '.status.url', description: 'Where people open the portal.' },
    {
      name: 'Message',
      type: 'string',
      jsonPath: '.status.conditions[?(@.type=="Ready")].message',
      description: 'Why it is ready or not, in a sentence.',
      priority: 1,
    },
  ],
  conditions: [
    { type: 'DatabaseReady', meaning: 'PostgreSQL answers.' },
    { type: 'MessagingReady', meaning: 'NATS answers.' },
    { type: 'SchemaReady', meaning: 'The migrations of the release have run.' },
    { type: 'ManagerReady', meaning: 'The Manager is ready.' },
    { type: 'IngestReady', meaning: 'Ingest is ready.' },
    { type: 'PortalReady', meaning: 'The portal is ready.' },
    {
      type: 'ConfigSynced',
      meaning: 'The Manager answers the operator and holds nothing without a resource.',
    },
    { type: 'ProductionReady', meaning: 'Nothing of it is for evaluation only.' },
    { type: 'Paused', meaning: 'The operator leaves it as it is.' },
  ],
  scale: false,
} as const satisfies Kind;

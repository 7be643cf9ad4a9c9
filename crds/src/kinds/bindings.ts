import { z } from 'zod';
import { duration, objectName, reference, secretKey, text } from '../schema/fields.ts';
import { withChangeRules, withRules, type Rule } from '../schema/rules.ts';
import { messagingBinding, podFields, servers, storage } from './pods.ts';

/** Exactly the member that `mode` names is given. `members`: mode → field. */
function memberOfMode<Value extends { readonly mode: string }>(
  field: string,
  members: Readonly<Record<string, string>>,
): Rule<Value> {
  const modes = Object.entries(members);
  return {
    cel: modes.map(([mode, member]) => `has(self.${member}) == (self.mode == '${mode}')`).join(' && '),
    message: `${field} needs exactly the member of its mode: ${modes.map(([mode, member]) => `${member} with ${mode}`).join(', ')}`,
    holds: (value) => modes.every(([mode, member]) => given(value, member) === (value.mode === mode)),
  };
}

function given(value: object, member: string): boolean {
  return Object.entries(value).some(([key, it]) => key === member && it !== undefined);
}

/** A volume of a StatefulSet can be made larger, never smaller. */
const growing = withChangeRules(storage, [
  {
    cel: 'quantity(self.size).compareTo(quantity(oldSelf.size)) >= 0',
    message: 'storage cannot shrink',
  },
]);

const clusterToCreate = z
  .object({
    instances: z.int().min(1).max(5).default(3).describe('Number of PostgreSQL servers.'),
    storage: growing,
  })
  .describe('A Cluster that the operator makes.');

const cloudNativePG = withRules(
  z
    .object({
      clusterRef: reference('A Cluster that is there.').optional(),
      create: clusterToCreate.optional(),
    })
    .describe('A PostgreSQL of the CloudNativePG operator, where that is installed.'),
  [
    {
      cel: 'has(self.clusterRef) != has(self.create)',
      message: 'database.cloudNativePG needs either clusterRef or create, not both',
      holds: (it) => (it.clusterRef !== undefined) !== (it.create !== undefined),
    },
  ],
);

const database = z
  .object({
    mode: z
      .enum(['External', 'CloudNativePG', 'Embedded'])
      .describe(
        'External uses a server of yours, CloudNativePG its operator, Embedded one pod for evaluation.',
      ),
    external: z
      .object({
        secretRef: secretKey(
          'uri',
          'Secret with the connection URI, such as postgres://meter@db:5432/meter.',
        ),
      })
      .optional()
      .describe('A PostgreSQL of yours.'),
    cloudNativePG: cloudNativePG.optional(),
    embedded: z
      .object({ storage: growing, resources: podFields.resources })
      .optional()
      .describe('One PostgreSQL pod without a standby: for evaluation.'),
  })
  .describe('The PostgreSQL database that keeps everything.');

const MODE_STAYS = {
  cel: 'self.mode == oldSelf.mode',
  message: 'mode cannot change: what is stored there would be left behind',
};

export const databaseSchema = withChangeRules(
  withRules(database, [
    memberOfMode('database', {
      External: 'external',
      CloudNativePG: 'cloudNativePG',
      Embedded: 'embedded',
    }),
  ]),
  [MODE_STAYS],
);

const generatedCertificate = z
  .object({
    revision: z
      .int()
      .min(1)
      .max(1_000_000)
      .default(1)
      .describe('A larger number makes a new authority; agents know it before a server shows it.'),
    overlap: duration(
      'messaging.embedded.tls.generated.overlap',
      { from: '30s', to: '2160h' },
      'How long agents know a new authority before it signs, and trust the one before it afterwards.',
    ).default('24h'),
  })
  .describe('An authority of its own. It and its certificates are renewed in time.');

const certManager = z
  .object({
    issuerRef: z
      .object({
        name: objectName('Its name.'),
        kind: text(63, 'Its kind, such as Issuer or ClusterIssuer.').default('Issuer'),
        group: text(253, 'Its API group.').default('cert-manager.io'),
      })
      .describe('The issuer.'),
  })
  .describe('A certificate of cert-manager, where that is installed.');

const natsTls = withRules(
  z
    .object({
      mode: z
        .enum(['Secret', 'Generated', 'CertManager'])
        .describe(
          'Secret takes a certificate of yours, Generated makes its own, CertManager asks cert-manager for one.',
        ),
      secretRef: reference(
        'Secret with tls.crt and tls.key, and the authorities in ca.crt where agents shall trust no others.',
      ).optional(),
      generated: generatedCertificate.optional(),
      certManager: certManager.optional(),
    })
    .describe(
      'Certificate for the names in publicServers; goes before tlsSecretName. Agents are told whom to trust.',
    ),
  [
    {
      cel: "has(self.secretRef) == (self.mode == 'Secret') && has(self.certManager) == (self.mode == 'CertManager') && (!has(self.generated) || self.mode == 'Generated')",
      message:
        'messaging.embedded.tls needs exactly the member of its mode: secretRef with Secret, certManager with CertManager, with Generated at most generated',
      holds: ({ mode, secretRef, generated, certManager: issued }) =>
        (secretRef !== undefined) === (mode === 'Secret') &&
        (issued !== undefined) === (mode === 'CertManager') &&
        (generated === undefined || mode === 'Generated'),
    },
  ],
);

const embeddedNats = withRules(
  z
    .object({
      replicas: z.int().min(1).max(5).default(1).describe('Number of NATS servers: 1, 3 or 5.'),
      storage: growing,
      resources: podFields.resources,
      tlsSecretName: objectName(
        'Secret with the certificate for the names in publicServers; without it nothing can be reached as tls://.',
      ).optional(),
      tls: natsTls.optional(),
    })
    .describe('NATS servers that the operator runs.'),
  [
    {
      cel: 'self.replicas in [1, 3, 5]',
      message: 'messaging.embedded.replicas must be 1, 3 or 5: an even number of servers has no majority',
      holds: (it) => [1, 3, 5].includes(it.replicas),
    },
  ],
);

const messaging = z
  .object({
    mode: z
      .enum(['External', 'Embedded'])
      .describe('External uses servers of yours, Embedded runs them here.'),
    external: messagingBinding
      .optional()
      .describe('NATS servers of yours with JetStream, set up with the keys of `manager trust init`.'),
    embedded: embeddedNats.optional(),
    publicServers: servers('NATS servers as agents reach them; the inner ones when empty.').optional(),
  })
  .describe('The NATS servers that agents send to.');

export const messagingSchema = withChangeRules(
  withRules(messaging, [memberOfMode('messaging', { External: 'external', Embedded: 'embedded' })]),
  [MODE_STAYS],
);

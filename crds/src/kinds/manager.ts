import { z } from 'zod';
import type { Kind, Resource } from '../schema/kind.ts';
import { secretKey, text } from '../schema/fields.ts';
import { platformStatus } from '../schema/status.ts';
import { PART_COLUMNS, PART_CONDITIONS } from './parts.ts';
import {
  databaseBinding,
  messagingBinding,
  partFields,
  partStatus,
  servers,
  shortName,
  trustedProxies,
} from './pods.ts';

export const managerSpecSchema = z
  .object({
    ...partFields(8),
    database: databaseBinding,
    messaging: messagingBinding
      .extend({
        publicServers: servers('NATS servers as agents reach them; the servers above when empty.').optional(),
        authoritiesSecretRef: secretKey(
          'ca.crt',
          'Secret with the authorities by which alone agents trust these servers; those of their computers when empty.',
        ).optional(),
      })
      .describe('The NATS servers and the keys to them.'),
    adminSecretRef: secretKey('password', 'Secret with the password of the first administrator.').optional(),
    timeZone: text(64, 'Time zone of the account made at the first start, such as Europe/Berlin.').default(
      'UTC',
    ),
    trustedProxies: trustedProxies.optional(),
  })
  .describe('How the Manager runs.');

const managerStatusSchema = platformStatus(partStatus);

export type ManagerSpec = z.output<typeof managerSpecSchema>;
export type Manager = Resource<'Manager', ManagerSpec, z.output<typeof managerStatusSchema>>;

export const manager = {
  kind: 'Manager',
  plural: 'managers',
  area: 'platform',
  shortNames: ['pmm'],
  categories: ['processmeter'],
  summary:
    'The hub of a ProcessMeter: it enrols agents, hands out their configuration and serves the HTTP API. ' +
    'Normally made and kept by a ProcessMeter.',
  spec: managerSpecSchema,
  status: managerStatusSchema,
  nameRules: [shortName(52)],
  columns: PART_COLUMNS,
  conditions: [
    ...PART_CONDITIONS,
    { type: 'SchemaCompatible', meaning: 'The schema of the database is one that this version works with.' },
  ],
  scale: true,
} as const satisfies Kind;

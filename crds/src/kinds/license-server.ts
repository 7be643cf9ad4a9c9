import { z } from 'zod';
import { duration, durationMs, list, listByKeys, reference, text } from '../schema/fields.ts';
import { READY_COLUMNS, type Kind, type Resource } from '../schema/kind.ts';
import { withRules } from '../schema/rules.ts';
import { licensingStatus } from '../schema/status.ts';
import { LICENSING_CONDITIONS, REFERENCES_RESOLVED, licensingFields } from './licensing.ts';

const endpoint = z.object({
  host: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[A-Za-z0-9]([-A-Za-z0-9.:]*[A-Za-z0-9])?$/)
    .describe('Name or address of the server.'),
  port: z.int().min(1).max(65_535).describe('Port it answers at.'),
});

const poll = withRules(
  z
    .object({
      interval: duration(
        'poll.interval',
        { from: '15s', to: '1h' },
        'Time from one question to the next.',
      ).default('1m'),
      timeout: duration(
        'poll.timeout',
        { from: '1s', to: '1m' },
        'How long an answer is waited for.',
      ).default('10s'),
    })
    .prefault({})
    .describe('How often the server is asked.'),
  [
    {
      cel: 'duration(self.timeout) < duration(self.interval)',
      message: 'poll.timeout must be shorter than poll.interval',
      holds: ({ timeout, interval }) => durationMs(timeout) < durationMs(interval),
    },
  ],
);

const feature = z.object({
  feature: text(120, 'Name of the feature as the server calls it.'),
  poolRef: reference('The LicensePool whose licences it hands out.'),
});

export const licenseServerSpecSchema = withRules(
  z
    .object({
      ...licensingFields,
      type: z
        .enum(['FlexNet', 'RLM', 'LMX', 'SentinelRMS', 'DSLS', 'LSDyna', 'OLicense', 'Slurm', 'SESI'])
        .describe('Which licence manager it is.'),
      endpoints: list(endpoint, { min: 1, max: 3 }, 'The server; the three of a redundant triad.'),
      vendorDaemon: text(80, 'Vendor daemon behind the FlexNet server.').optional(),
      poll,
      features: listByKeys(feature, ['feature'], { max: 500 })
        .optional()
        .describe('Which pool the licences of a feature belong to.'),
    })
    .describe('A licence server that is asked.'),
  [
    {
      cel: 'self.endpoints.size() != 2',
      message: 'endpoints are one, or the three of a redundant triad',
      holds: ({ endpoints }) => endpoints.length !== 2,
    },
    {
      cel: "!has(self.vendorDaemon) || self.type == 'FlexNet'",
      message: 'vendorDaemon is for type FlexNet only',
      holds: ({ vendorDaemon, type }) => vendorDaemon === undefined || type === 'FlexNet',
    },
  ],
);

const licenseServerStatusSchema = licensingStatus({});

export type LicenseServerSpec = z.output<typeof licenseServerSpecSchema>;
export type LicenseServer = Resource<
  'LicenseServer',
  LicenseServerSpec,
  z.output<typeof licenseServerStatusSchema>
>;

export const licenseServer = {
  kind: 'LicenseServer',
  plural: 'licenseservers',
  area: 'licensing',
  shortNames: ['ls'],
  categories: ['processmeter', 'processmeter-licensing'],
  summary: 'A licence server such as FlexNet or RLM that is asked for checkouts and denials.',
  spec: licenseServerSpecSchema,
  status: licenseServerStatusSchema,
  nameRules: [],
  columns: [
    ...READY_COLUMNS,
    { name: 'Type', type: 'string', jsonPath: '.spec.type', description: 'Which licence manager it is.' },
    { name: 'Host', type: 'string', jsonPath: '.spec.endpoints[0].host', description: 'First server.' },
    {
      name: 'Interval',
      type: 'string',
      jsonPath: '.spec.poll.interval',
      description: 'How often it is asked.',
      priority: 1,
    },
  ],
  conditions: [...LICENSING_CONDITIONS, REFERENCES_RESOLVED],
  scale: false,
} as const satisfies Kind;

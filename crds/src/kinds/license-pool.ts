import { z } from 'zod';
import { count, day, instant, listByKeys, money, reference, references, text } from '../schema/fields.ts';
import { READY_COLUMNS, type Kind, type Resource } from '../schema/kind.ts';
import { immutable, withRules } from '../schema/rules.ts';
import { licensingStatus } from '../schema/status.ts';
import {
  LICENSING_CONDITIONS,
  REFERENCES_RESOLVED,
  displayName,
  licensingFields,
  subject,
} from './licensing.ts';

const contract = withRules(
  z
    .object({
      number: text(80, 'Number of the contract.').optional(),
      startDate: day('First day of the entitlement.').optional(),
      endDate: day('Last day of the entitlement.').optional(),
      renewalNoticeDays: z
        .int()
        .min(1)
        .max(730)
        .optional()
        .describe('Days before the end at which people are told.'),
      cost: money('Cost over the whole contract.').optional(),
    })
    .describe('The contract behind the licences.'),
  [
    {
      cel: '!has(self.startDate) || !has(self.endDate) || self.startDate <= self.endDate',
      message: 'contract.endDate must not be before contract.startDate',
      holds: ({ startDate, endDate }) =>
        startDate === undefined || endDate === undefined || startDate <= endDate,
    },
    {
      cel: '!has(self.renewalNoticeDays) || has(self.endDate)',
      message: 'contract.renewalNoticeDays needs contract.endDate',
      holds: ({ renewalNoticeDays, endDate }) => renewalNoticeDays === undefined || endDate !== undefined,
    },
  ],
);

const reservation = z.object({
  name: text(80, 'Name of the reservation.'),
  quantity: z.int().min(1).max(10_000_000).describe('Licences that are held back.'),
  subjects: listByKeys(subject, ['kind', 'name'], { min: 1, max: 100 }).describe(
    'For whom they are held back.',
  ),
});

const alertThreshold = z.object({
  percent: z.int().min(1).max(200).describe('Share of the quantity in use, in percent.'),
  severity: z.enum(['Information', 'Warning', 'Critical']).default('Warning').describe('How urgent it is.'),
});

export const licensePoolSpecSchema = withRules(
  z
    .object({
      ...licensingFields,
      displayName,
      vendor: text(120, 'Who sells the licences.').optional(),
      product: text(120, 'Product they are for.').optional(),
      feature: text(120, 'Name of the feature in the licence file, where there is one.').optional(),
      metric: immutable(
        z
          .enum(['Concurrent', 'NamedUser', 'Device', 'Core', 'Token'])
          .describe('What is counted: open at one time, people, computers, cores, or tokens.'),
        'metric cannot change: use and peaks of the past were counted by it; make a new pool',
      ),
      quantity: z.int().min(1).max(10_000_000).describe('Licences that the company is entitled to.'),
      source: z
        .enum(['Declared', 'LicenseServer'])
        .default('Declared')
        .describe('Where use is counted: by agents, or by a licence server.'),
      serverRef: reference('The LicenseServer that hands them out.').optional(),
      applications: references(
        64,
        'The MonitoredApplications whose use needs a licence of the pool.',
      ).optional(),
      contract: contract.optional(),
      reservations: listByKeys(reservation, ['name'], { max: 100 })
        .optional()
        .describe('Licences held back for somebody.'),
      alertThresholds: listByKeys(alertThreshold, ['percent'], { max: 8 })
        .optional()
        .describe('Use at which people are told.'),
    })
    .describe('What the company is entitled to.'),
  [
    {
      cel: "has(self.serverRef) == (self.source == 'LicenseServer')",
      message: 'serverRef is needed with source LicenseServer, and only then',
      holds: ({ serverRef, source }) => (serverRef !== undefined) === (source === 'LicenseServer'),
    },
    {
      cel: '!has(self.reservations) || self.reservations.map(r, r.quantity).sum() <= self.quantity',
      message: 'reservations hold back more licences than quantity',
      holds: ({ reservations = [], quantity }) =>
        reservations.reduce((sum, { quantity: held }) => sum + held, 0) <= quantity,
    },
  ],
);

const licensePoolStatusSchema = licensingStatus({
  use: z
    .object({
      inUse: count('Licences in use.'),
      peak24h: count('Most in use at one instant in the last 24 hours.'),
      available: z.int().describe('Quantity less what is in use; below 0 when more is used than owned.'),
      observedAt: instant('When the Manager counted.'),
    })
    .optional()
    .describe('Use as the Manager counted it; written when it moves, at most once a minute.'),
});

export type LicensePoolSpec = z.output<typeof licensePoolSpecSchema>;
export type LicensePool = Resource<'LicensePool', LicensePoolSpec, z.output<typeof licensePoolStatusSchema>>;

export const licensePool = {
  kind: 'LicensePool',
  plural: 'licensepools',
  area: 'licensing',
  shortNames: ['lp'],
  categories: ['processmeter', 'processmeter-licensing'],
  summary: 'Licences that the company is entitled to: metric, quantity, cost, dates and reservations.',
  spec: licensePoolSpecSchema,
  status: licensePoolStatusSchema,
  nameRules: [],
  columns: [
    ...READY_COLUMNS,
    { name: 'Metric', type: 'string', jsonPath: '.spec.metric', description: 'What is counted.' },
    { name: 'Quantity', type: 'integer', jsonPath: '.spec.quantity', description: 'Licences owned.' },
    { name: 'In use', type: 'integer', jsonPath: '.status.use.inUse', description: 'Licences in use.' },
    {
      name: 'Peak 24h',
      type: 'integer',
      jsonPath: '.status.use.peak24h',
      description: 'Most in use at one instant in the last 24 hours.',
    },
    {
      name: 'Expires',
      type: 'string',
      jsonPath: '.spec.contract.endDate',
      description: 'Last day of the entitlement.',
    },
    { name: 'Vendor', type: 'string', jsonPath: '.spec.vendor', description: 'Who sells them.', priority: 1 },
  ],
  conditions: [
    ...LICENSING_CONDITIONS,
    REFERENCES_RESOLVED,
    { type: 'Exhausted', meaning: 'Every licence is in use, or more than there are.' },
    { type: 'Expiring', meaning: 'The end is nearer than renewalNoticeDays.' },
    { type: 'Expired', meaning: 'The last day is over.' },
  ],
  scale: false,
} as const satisfies Kind;

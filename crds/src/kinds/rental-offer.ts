import { z } from 'zod';
import { day, duration, durationMs, money, reference, text } from '../schema/fields.ts';
import { READY_COLUMNS, type Kind, type Resource } from '../schema/kind.ts';
import { withRules } from '../schema/rules.ts';
import { licensingStatus } from '../schema/status.ts';
import { LICENSING_CONDITIONS, REFERENCES_RESOLVED, displayName, licensingFields } from './licensing.ts';

const billing = withRules(
  z
    .object({
      increment: duration(
        'billing.increment',
        { from: '1s', to: '1h' },
        'Time is charged in steps of this.',
      ).default('1m'),
      minimum: duration(
        'billing.minimum',
        { from: '1s', to: '24h' },
        'Least time that a rental session is charged.',
      ).default('1m'),
    })
    .prefault({})
    .describe('How time becomes money.'),
  [
    {
      cel: 'duration(self.minimum) >= duration(self.increment)',
      message: 'billing.minimum must not be shorter than billing.increment',
      holds: ({ minimum, increment }) => durationMs(minimum) >= durationMs(increment),
    },
  ],
);

const validity = withRules(
  z
    .object({
      from: day('First day it can be rented; at once when empty.').optional(),
      until: day('Last day it can be rented; without end when empty.').optional(),
    })
    .describe('When it can be rented.'),
  [
    {
      cel: '!has(self.from) || !has(self.until) || self.from <= self.until',
      message: 'validity.until must not be before validity.from',
      holds: ({ from, until }) => from === undefined || until === undefined || from <= until,
    },
  ],
);

export const rentalOfferSpecSchema = z
  .object({
    ...licensingFields,
    displayName,
    publisher: text(120, 'Who rents it out.').optional(),
    applicationRef: reference('The MonitoredApplication that is rented.'),
    poolRef: reference(
      'The LicensePool that bounds how many can rent at once; unbounded when empty.',
    ).optional(),
    hourlyRate: money('Price of one hour.'),
    billing,
    trial: duration(
      'trial',
      { from: '1m', to: '720h' },
      'Time that everybody may use it once without paying; none when empty.',
    ).optional(),
    idleAfter: duration(
      'idleAfter',
      { from: '30m', to: '60m' },
      'Time without input after which a rental session ends.',
    ).default('30m'),
    validity: validity.optional(),
    visibility: z
      .enum(['Listed', 'Unlisted'])
      .default('Listed')
      .describe('Listed stands in the catalogue; Unlisted is found by its address only.'),
  })
  .describe('What is rented out and for how much.');

const rentalOfferStatusSchema = licensingStatus({});

export type RentalOfferSpec = z.output<typeof rentalOfferSpecSchema>;
export type RentalOffer = Resource<'RentalOffer', RentalOfferSpec, z.output<typeof rentalOfferStatusSchema>>;

export const rentalOffer = {
  kind: 'RentalOffer',
  plural: 'rentaloffers',
  area: 'licensing',
  shortNames: ['ro'],
  categories: ['processmeter', 'processmeter-licensing'],
  summary: 'An application that can be rented by the hour: rate, trial, billing step and when it is offered.',
  spec: rentalOfferSpecSchema,
  status: rentalOfferStatusSchema,
  nameRules: [],
  columns: [
    ...READY_COLUMNS,
    { name: 'Offer', type: 'string', jsonPath: '.spec.displayName', description: 'Name that people read.' },
    { name: 'Rate', type: 'string', jsonPath: '.spec.hourlyRate.amount', description: 'Price of one hour.' },
    {
      name: 'Currency',
      type: 'string',
      jsonPath: '.spec.hourlyRate.currency',
      description: 'Currency of the price.',
    },
    {
      name: 'Until',
      type: 'string',
      jsonPath: '.spec.validity.until',
      description: 'Last day it can be rented.',
    },
  ],
  conditions: [...LICENSING_CONDITIONS, REFERENCES_RESOLVED],
  scale: false,
} as const satisfies Kind;

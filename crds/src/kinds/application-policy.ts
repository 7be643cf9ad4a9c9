import { z } from 'zod';
import { count, duration, listByKeys, references, text } from '../schema/fields.ts';
import { READY_COLUMNS, type Kind, type Resource } from '../schema/kind.ts';
import { withRules } from '../schema/rules.ts';
import { licensingStatus } from '../schema/status.ts';
import { LICENSING_CONDITIONS, REFERENCES_RESOLVED, licensingFields, subject } from './licensing.ts';

const idle = withRules(
  z
    .object({
      after: duration(
        'idle.after',
        { from: '1m', to: '24h' },
        'Time without input after which the policy acts.',
      ),
      action: z
        .enum(['Observe', 'Warn', 'Suspend', 'Close'])
        .default('Observe')
        .describe('Observe only counts. Warn asks the user. Suspend and Close do so after the warning.'),
      warnFor: duration(
        'idle.warnFor',
        { from: '30s', to: '60m' },
        'How long the user sees the warning before the application is suspended or closed.',
      ).optional(),
      message: text(500, 'What the warning says.').optional(),
    })
    .describe('What happens to an application that is open and not used.'),
  [
    {
      cel: "has(self.warnFor) == (self.action in ['Suspend', 'Close'])",
      message:
        'idle.warnFor is needed with action Suspend or Close, and only then: nobody loses work without a warning',
      holds: ({ warnFor, action }) => (warnFor !== undefined) === ['Suspend', 'Close'].includes(action),
    },
    {
      cel: "!has(self.message) || self.action != 'Observe'",
      message: 'idle.message has nobody to read it with action Observe',
      holds: ({ message, action }) => message === undefined || action !== 'Observe',
    },
  ],
);

export const applicationPolicySpecSchema = z
  .object({
    ...licensingFields,
    priority: z
      .int()
      .min(0)
      .max(1000)
      .default(100)
      .describe('The higher one wins where two policies speak of the same use.'),
    applications: references(100, 'The MonitoredApplications it is for.').min(1),
    subjects: listByKeys(subject, ['kind', 'name'], { max: 100 })
      .optional()
      .describe('For whom it is; everybody when empty.'),
    idle,
  })
  .describe('What happens to applications that are open and not used.');

const applicationPolicyStatusSchema = licensingStatus({
  matchedApplications: count('Applications of the list that are there.').optional(),
});

export type ApplicationPolicySpec = z.output<typeof applicationPolicySpecSchema>;
export type ApplicationPolicy = Resource<
  'ApplicationPolicy',
  ApplicationPolicySpec,
  z.output<typeof applicationPolicyStatusSchema>
>;

export const applicationPolicy = {
  kind: 'ApplicationPolicy',
  plural: 'applicationpolicies',
  area: 'licensing',
  shortNames: ['appol'],
  categories: ['processmeter', 'processmeter-licensing'],
  summary:
    'What happens to applications that hold a licence and are not used: observe, warn, suspend or close.',
  spec: applicationPolicySpecSchema,
  status: applicationPolicyStatusSchema,
  nameRules: [],
  columns: [
    ...READY_COLUMNS,
    { name: 'Action', type: 'string', jsonPath: '.spec.idle.action', description: 'What it does.' },
    { name: 'After', type: 'string', jsonPath: '.spec.idle.after', description: 'Time without input.' },
    { name: 'Priority', type: 'integer', jsonPath: '.spec.priority', description: 'The higher one wins.' },
    {
      name: 'Applications',
      type: 'integer',
      jsonPath: '.status.matchedApplications',
      description: 'Applications of the list that are there.',
    },
  ],
  conditions: [...LICENSING_CONDITIONS, REFERENCES_RESOLVED],
  scale: false,
} as const satisfies Kind;

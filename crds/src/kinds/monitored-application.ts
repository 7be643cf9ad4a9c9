import { z } from 'zod';
import { count, duration, instant, list } from '../schema/fields.ts';
import { READY_COLUMNS, type Kind, type Resource } from '../schema/kind.ts';
import { withRules } from '../schema/rules.ts';
import { licensingStatus } from '../schema/status.ts';
import { LICENSING_CONDITIONS, displayName, licensingFields } from './licensing.ts';

const glob = (description: string) =>
  z
    .string()
    .min(1)
    .max(260)
    .regex(/^\S(.*\S)?$/)
    .optional()
    .describe(`${description} * stands for any characters, ? for one; compared without case.`);

const matchRule = withRules(
  z.object({
    executable: glob('Base name of the executable, such as acad.exe.'),
    path: glob('Full path of the executable.'),
    windowClass: glob('Class of the window: X11 WM_CLASS, Windows class, macOS bundle id.'),
    publisher: glob('Publisher in the signature or in the package.'),
    package: glob('Package that owns the executable: deb, rpm, flatpak, snap, MSIX.'),
  }),
  [
    {
      cel: 'has(self.executable) || has(self.path) || has(self.windowClass) || has(self.publisher) || has(self.package)',
      message: 'a rule needs at least one of executable, path, windowClass, publisher and package',
      holds: (rule) => Object.values(rule).some((condition) => condition !== undefined),
    },
  ],
);

const privacy = (what: string) =>
  z
    .enum(['Keep', 'BaseName', 'Hash', 'Drop'])
    .describe(
      `How ${what} is stored: as it is, its last part, a keyed hash, or not at all. Done on the desktop.`,
    );

export const monitoredApplicationSpecSchema = z
  .object({
    ...licensingFields,
    displayName,
    rules: list(
      matchRule,
      { min: 1, max: 50 },
      'How it is recognised: one rule must match, with all its conditions.',
    ),
    inactiveAfter: duration(
      'inactiveAfter',
      { from: '5s', to: '60m' },
      'Time without input after which it is Inactive.',
    ).default('1m'),
    timeoutAfter: duration(
      'timeoutAfter',
      { from: '1m', to: '24h' },
      'Time of Inactive after which it is Timeout.',
    ).default('15m'),
    countBusyAsActive: z
      .boolean()
      .default(false)
      .describe('True counts a render or a simulation without input as Active.'),
    busyCpuPercent: z
      .int()
      .min(1)
      .max(6400)
      .default(40)
      .describe('Use of one core, in percent, from which it is busy.'),
    titlePrivacy: privacy('a title').default('Keep'),
    pathPrivacy: privacy('a path').default('BaseName'),
  })
  .describe('What is monitored and how.');

const monitoredApplicationStatusSchema = licensingStatus({
  slug: z.string().max(140).optional().describe('Its address in the portal: /applications/<slug>.'),
  use: z
    .object({
      openNow: count('Sessions that are open.'),
      peak24h: count('Most sessions open at one instant in the last 24 hours.'),
      agentsSeen: count('Agents that recorded it in the last 24 hours.'),
      agentsConfigured: count('Agents that have its present settings.'),
      observedAt: instant('When the Manager counted.'),
    })
    .optional()
    .describe('Use as the Manager counted it; written when it moves, at most once a minute.'),
});

export type MonitoredApplicationSpec = z.output<typeof monitoredApplicationSpecSchema>;
export type MonitoredApplication = Resource<
  'MonitoredApplication',
  MonitoredApplicationSpec,
  z.output<typeof monitoredApplicationStatusSchema>
>;

export const monitoredApplication = {
  kind: 'MonitoredApplication',
  plural: 'monitoredapplications',
  area: 'licensing',
  shortNames: ['mapp'],
  categories: ['processmeter', 'processmeter-licensing'],
  summary: 'A desktop application whose use is recorded: a named set of rules, and what is stored of it.',
  spec: monitoredApplicationSpecSchema,
  status: monitoredApplicationStatusSchema,
  nameRules: [],
  columns: [
    ...READY_COLUMNS,
    {
      name: 'Application',
      type: 'string',
      jsonPath: '.spec.displayName',
      description: 'Name that people read.',
    },
    {
      name: 'Open',
      type: 'integer',
      jsonPath: '.status.use.openNow',
      description: 'Sessions that are open.',
    },
    {
      name: 'Peak 24h',
      type: 'integer',
      jsonPath: '.status.use.peak24h',
      description: 'Most sessions open at one instant in the last 24 hours.',
    },
    {
      name: 'Agents',
      type: 'integer',
      jsonPath: '.status.use.agentsSeen',
      description: 'Agents that recorded it in the last 24 hours.',
    },
    {
      name: 'Configured',
      type: 'integer',
      jsonPath: '.status.use.agentsConfigured',
      description: 'Agents that have its present settings.',
      priority: 1,
    },
  ],
  conditions: LICENSING_CONDITIONS,
  scale: false,
} as const satisfies Kind;

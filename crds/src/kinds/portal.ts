import { z } from 'zod';
import type { Kind, Resource } from '../schema/kind.ts';
import { platformStatus } from '../schema/status.ts';
import { PART_COLUMNS, PART_CONDITIONS } from './parts.ts';
import { partFields, partStatus, shortName } from './pods.ts';

function url(description: string) {
  return z
    .string()
    .max(300)
    .regex(/^https?:\/\/[^\s/]+[^\s]*$/)
    .describe(description);
}

export const portalSpecSchema = z
  .object({
    ...partFields(16),
    managerUrl: url('Where the portal reaches the Manager, such as http://meter-manager:8080.'),
    publicManagerUrl: url(
      'Where agents reach the Manager; shown in the command that enrols them.',
    ).optional(),
  })
  .describe('How the portal runs.');

const portalStatusSchema = platformStatus(partStatus);

export type PortalSpec = z.output<typeof portalSpecSchema>;
export type Portal = Resource<'Portal', PortalSpec, z.output<typeof portalStatusSchema>>;

export const portal = {
  kind: 'Portal',
  plural: 'portals',
  area: 'platform',
  shortNames: ['pmp'],
  categories: ['processmeter'],
  summary: 'The web application of a ProcessMeter. Normally made and kept by a ProcessMeter.',
  spec: portalSpecSchema,
  status: portalStatusSchema,
  nameRules: [shortName(52)],
  columns: PART_COLUMNS,
  conditions: PART_CONDITIONS,
  scale: true,
} as const satisfies Kind;

import { z } from 'zod';
import { applicationSettingsSchema } from '../application.ts';

export const applicationSchema = applicationSettingsSchema.extend({
  id: z.number().int(),
  slug: z.string(),
  /** Account revision in which it last changed. */
  revision: z.number().int(),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** Sessions open now and sessions begun in the last 24 h. */
  openNow: z.number().int(),
  sessionsToday: z.number().int(),
  /** The MonitoredApplication that declares it; null when people made it here. What is declared cannot be changed here. */
  origin: z.object({ namespace: z.string(), name: z.string() }).nullable(),
});
export type Application = z.infer<typeof applicationSchema>;
/** Who has which revision of the account's configuration. */
export const rolloutSchema = z.object({
  wanted: z.number().int(),
  applied: z.array(z.object({ revision: z.number().int().nullable(), agents: z.number().int() })),
});
export type Rollout = z.infer<typeof rolloutSchema>;
export const applicationListSchema = z.object({
  applications: z.array(applicationSchema),
  rollout: rolloutSchema,
});
export type ApplicationList = z.infer<typeof applicationListSchema>;
/** Change: the settings and the revision they were read at; refused with PM-4009 when it changed meanwhile. */
export const applicationChangeSchema = applicationSettingsSchema.extend({ revision: z.number().int() });
/** What rules would match: distinct executables seen, of sessions and of unmatched processes reported. */
export const applicationDetailSchema = applicationSchema.extend({
  rollout: rolloutSchema,
  agents: z.array(
    z.object({
      id: z.string(),
      computer: z.string(),
      appliedRevision: z.number().int().nullable(),
      hasIt: z.boolean(),
    }),
  ),
});
export type ApplicationDetail = z.infer<typeof applicationDetailSchema>;

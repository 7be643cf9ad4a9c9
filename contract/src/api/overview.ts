import { z } from 'zod';
import { sessionRefSchema } from '../ids.ts';
import { agentStatusSchema } from './agents.ts';
import { applicationRefSchema, completenessSchema } from './common.ts';
import { peakSchema, usePointSchema } from './reports.ts';

/** Sessions open now by state, and where. The live part: sent on the event stream `/api/v1/live` as event `now`. */
export const liveNowSchema = z.object({
  at: z.number(),
  active: z.number().int(),
  inactive: z.number().int(),
  timeout: z.number().int(),
  computers: z.number().int(),
  applications: z.array(
    z.object({
      application: applicationRefSchema,
      active: z.number().int(),
      inactive: z.number().int(),
      timeout: z.number().int(),
      peakToday: z.number().int(),
    }),
  ),
  /** Sessions that changed state last, newest first, at most 10. */
  recent: z.array(
    z.object({
      session: sessionRefSchema,
      application: applicationRefSchema,
      user: z.string(),
      computer: z.string(),
      document: z.string(),
      state: z.enum(['active', 'inactive', 'timeout']),
      since: z.number(),
    }),
  ),
  /** Open sessions without input, longest first, at most 10. */
  idle: z.array(
    z.object({
      session: sessionRefSchema,
      application: applicationRefSchema,
      user: z.string(),
      computer: z.string(),
      state: z.enum(['inactive', 'timeout']),
      since: z.number(),
    }),
  ),
  agents: z.object({
    counts: z.record(agentStatusSchema, z.number().int()),
    wantedRevision: z.number().int(),
    haveWanted: z.number().int(),
    oldestWaiting: z.number().nullable(),
  }),
});
export type LiveNow = z.infer<typeof liveNowSchema>;

/** A thing somebody must act on; it goes when its cause goes. `kind` selects the text in the portal. */
export const taskSchema = z.object({
  kind: z.enum([
    'noApplications',
    'noAgents',
    'agentsSilent',
    'agentsBlind',
    'deadLetters',
    'recordsLost',
    'configurationOld',
  ]),
  count: z.number().int(),
  since: z.number().nullable(),
});
export type Task = z.infer<typeof taskSchema>;

export const overviewSchema = z.object({
  zone: z.string(),
  live: liveNowSchema,
  /** The local day so far, in quarters, all applications. */
  today: z.object({ from: z.number(), to: z.number(), points: z.array(usePointSchema), peak: peakSchema }),
  completeness: completenessSchema,
  tasks: z.array(taskSchema),
});
export type Overview = z.infer<typeof overviewSchema>;

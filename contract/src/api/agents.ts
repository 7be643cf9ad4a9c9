import { z } from 'zod';
import { capabilityRecordSchema } from '../record.ts';

/** `connected`: heard within three presence periods. `away`: said good-bye or cut off, keeps records. `silent`: not heard for a day. */
export const agentStatusSchema = z.enum(['connected', 'away', 'silent', 'revoked', 'neverSeen']);
export const agentSchema = z.object({
  id: z.string(),
  computer: z.string(),
  user: z.string(),
  desktop: z.string(),
  platform: z.string(),
  version: z.string(),
  status: agentStatusSchema,
  enrolledAt: z.number(),
  lastSeen: z.number().nullable(),
  appliedRevision: z.number().int().nullable(),
  wantedRevision: z.number().int(),
  waiting: z.number().int().nullable(),
  oldestWaiting: z.number().nullable(),
  openSessions: z.number().int(),
  capability: capabilityRecordSchema.omit({ kind: true, seq: true }).nullable(),
  /** Gaps reported by the agent: records lost for ever. */
  gaps: z.array(z.object({ from: z.number(), to: z.number(), lost: z.number(), reason: z.string() })),
});
export type Agent = z.infer<typeof agentSchema>;
export const agentListSchema = z.object({
  agents: z.array(agentSchema),
  total: z.number().int(),
  wantedRevision: z.number().int(),
  counts: z.record(agentStatusSchema, z.number().int()),
});
export type AgentList = z.infer<typeof agentListSchema>;

export const enrolmentTokenRequestSchema = z.object({
  label: z.string().trim().max(120).default(''),
  /** Hours the token is valid, 1 to 720. */
  validHours: z.number().int().min(1).max(720).default(24),
});
/** The token is shown once; only its hash is kept. */
export const enrolmentTokenSchema = z.object({ token: z.string(), expiresAt: z.number(), label: z.string() });
export type EnrolmentToken = z.infer<typeof enrolmentTokenSchema>;

/** A dead letter: a batch that was refused, kept with its reason. */
export const deadLetterSchema = z.object({
  id: z.string(),
  receivedAt: z.number(),
  agent: z.string().nullable(),
  code: z.string(),
  reason: z.string(),
  bytes: z.number().int(),
});
export const deadLetterListSchema = z.object({ letters: z.array(deadLetterSchema), total: z.number().int() });
export type DeadLetterList = z.infer<typeof deadLetterListSchema>;

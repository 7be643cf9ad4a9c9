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
/**
 * Kinds by which agents are counted and filtered. `all`: not revoked. `blind`: something cannot be measured there. `old`:
 * without the wanted configuration. `lost`: has lost records. The others are statuses.
 */
export const AGENT_KINDS = [
  'all',
  'connected',
  'silent',
  'away',
  'blind',
  'old',
  'lost',
  'neverSeen',
  'revoked',
] as const;
export const agentKindSchema = z.enum(AGENT_KINDS);
export type AgentKind = z.infer<typeof agentKindSchema>;
export const agentsQuerySchema = z.object({
  kind: agentKindSchema.default('all'),
  /** Part of the computer or user, in any case. */
  find: z.string().trim().max(120).default(''),
  limit: z.coerce.number().int().min(1).max(500).default(200),
  /** `next` or `previous` of another page of the same kind and find. */
  cursor: z.string().max(2000).optional(),
});
export type AgentsQuery = z.infer<typeof agentsQuerySchema>;
/** A page of agents, the most pressing first: silent, blind, never seen, away, connected, revoked; by computer within. */
export const agentListSchema = z.object({
  agents: z.array(agentSchema),
  /** How many the query has on all pages. */
  total: z.number().int(),
  wantedRevision: z.number().int(),
  /** Of the whole account. */
  counts: z.record(agentStatusSchema, z.number().int()),
  kinds: z.record(agentKindSchema, z.number().int()),
  next: z.string().nullable(),
  previous: z.string().nullable(),
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

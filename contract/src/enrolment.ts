import { z } from 'zod';
import { accountSlugSchema, agentIdSchema, instantSchema } from './ids.ts';
import { authoritiesSchema } from './authorities.ts';
import { trustedKeySchema } from './down.ts';
import { isPublicNkey } from './nkey.ts';

/** `POST /api/v1/agents/enrol`: an agent shows a one-time token and the public key it made itself. */
export const enrolRequestSchema = z.object({
  token: z.string().min(10).max(200),
  /** Public user nkey (U…) made on the computer; its seed never leaves it. */
  publicKey: z.string().refine((key) => isPublicNkey('user', key), 'not a public user nkey'),
  computer: z.string().trim().min(1).max(256),
  /** Hash of the machine id: tells a cloned or re-installed computer, names nobody. */
  machine: z.string().min(8).max(128),
  user: z.string().max(256),
  desktop: z.string().max(120),
  platform: z.string().max(40),
  version: z.string().max(40),
});
export type EnrolRequest = z.infer<typeof enrolRequestSchema>;

/** What the agent keeps (0600). `macKey` and `jwt` are secrets. */
export const enrolResponseSchema = z.object({
  agent: agentIdSchema,
  account: accountSlugSchema,
  /** NATS servers, such as `nats://host:4222`. */
  servers: z.array(z.string()).min(1),
  jwt: z.string(),
  jwtExpiresAt: instantSchema,
  macKid: z.string(),
  /** base64url of 32 bytes. */
  macKey: z.string(),
  trusted: z.array(trustedKeySchema).min(1),
  /** Not there in the answer of a Manager of a release before them: then the computer's own are meant. */
  authorities: authoritiesSchema.optional(),
});
export type EnrolResponse = z.infer<typeof enrolResponseSchema>;

/** `POST /api/v1/agents/renew`: signature by the agent's nkey over {@link renewProofText}. Valid for 5 minutes. */
export const renewRequestSchema = z.object({
  agent: agentIdSchema,
  at: instantSchema,
  /** base64url of 64 bytes. */
  signature: z.string().max(100),
});
export type RenewRequest = z.infer<typeof renewRequestSchema>;
export const renewResponseSchema = z.object({
  jwt: z.string(),
  jwtExpiresAt: instantSchema,
  /**
   * The same as a signed message from above, type `credentials`, base64url: it brings the authorities, also to an agent
   * that was away while they changed and to which no server can be trusted any more.
   */
  sealed: z.string().max(200_000).optional(),
});
export type RenewResponse = z.infer<typeof renewResponseSchema>;

/** The text an agent signs to renew its credentials. */
export const renewProofText = (agent: string, at: number): string => `process-meter/renew/${agent}/${at}`;

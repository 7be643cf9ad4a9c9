import { createHash } from 'node:crypto';
import { z } from 'zod';

/** External id of an agent, as used in subjects: 12 characters of lower-case base32, random, made at enrolment. */
export const agentIdSchema = z.string().regex(/^[a-z2-7]{12}$/, 'an agent id is 12 characters a-z, 2-7');
/** Slug of an account, as used in subjects and when signing in. */
export const accountSlugSchema = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/, 'use 1 to 40 of a-z, 0-9 and inner hyphens');
/** Id of a session or document: 63-bit number in 16 lower-case hex digits, first digit 0-7 (fits PostgreSQL int8). */
export const hexIdSchema = z.string().regex(/^[0-7][0-9a-f]{15}$/, 'an id is 16 hex digits, the first 0-7');
/** 2001-01-01 and 2100-01-01 UTC, ms: what lies outside is no instant of a desktop. */
export const EARLIEST_INSTANT_MS = 978_307_200_000;
export const LATEST_INSTANT_MS = 4_102_444_800_000;
/** Milliseconds since 1970-01-01 UTC, 2001 to 2100. */
export const instantSchema = z.number().int().min(EARLIEST_INSTANT_MS).max(LATEST_INSTANT_MS);

/**
 * A stable 63-bit id from the parts that identify a thing (for a session: agent, boot id, pid, start time).
 * The same parts always give the same id, so an agent that restarts finds its sessions again.
 * @returns 16 hex digits, see {@link hexIdSchema}
 */
export function stableId(...parts: readonly (string | number)[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest();
  digest[0] = (digest[0] ?? 0) & 0x7f;
  return digest.subarray(0, 8).toString('hex');
}

/** Public id of a session in URLs and the API: `<agentId>.<hexId>`. */
export const sessionRefSchema = z
  .string()
  .regex(/^[a-z2-7]{12}\.[0-7][0-9a-f]{15}$/, 'not a session reference');

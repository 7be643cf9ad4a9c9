import { Buffer } from 'node:buffer';
import { z } from 'zod';

const claimsSchema = z.object({ exp: z.number().optional() });
/** Credentials are renewed when this share of their remaining life has passed. */
const RENEW_SHARE = 0.66;
const LEAST_PAUSE_MS = 1000;
const MOST_PAUSE_MS = 6 * 3_600_000;

/** Instant a JWT ends, ms UTC; null when it does not say. */
export function jwtExpiry(jwt: string): number | null {
  try {
    const payload = Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString('utf8');
    const { exp } = claimsSchema.parse(JSON.parse(payload));
    return exp === undefined ? null : exp * 1000;
  } catch {
    return null;
  }
}

/** How long to wait before credentials that end at `expiresAt` are renewed. */
export function renewalPause(expiresAt: number, now: number): number {
  return Math.max(LEAST_PAUSE_MS, Math.min(MOST_PAUSE_MS, (expiresAt - now) * RENEW_SHARE));
}

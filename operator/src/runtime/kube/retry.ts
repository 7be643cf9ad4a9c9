import type { KubeError } from './errors.ts';

const TRIES = 5;
const FIRST_MS = 250;
const LONGEST_MS = 8_000;
/** A server that asks for more than this is answered to the caller, who has its own backoff. */
const LONGEST_RETRY_AFTER_MS = 30_000;

/**
 * How long to wait before try number `tried + 1`, ms; undefined: give up. What the server said it did not do (429,
 * or a Retry-After) is repeated for every method; what may have been done only where repeating does no harm.
 */
export function retryDelay(
  error: KubeError,
  call: { tried: number; idempotent: boolean; random: () => number },
): number | undefined {
  if (call.tried >= TRIES) return undefined;
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** (call.tried - 1));
  const jittered = ceiling * call.random();
  if (error.status === 429 || (error.status === 503 && error.retryAfterMs !== undefined)) {
    const asked = error.retryAfterMs ?? 1000;
    // Everyone who was refused comes back a little apart.
    return asked > LONGEST_RETRY_AFTER_MS ? undefined : asked + jittered;
  }
  const transient = error.status === 0 || [500, 502, 503, 504].includes(error.status);
  return transient && call.idempotent ? jittered : undefined;
}

/** A loop works for at most this share of its time. */
const SHARE = 0.05;

/**
 * How long (ms) to rest after work that took a time: at a small appliance the least, at a big one so long that the work
 * stays a small share of the whole, but never more than the most.
 */
export function restAfter(tookMs: number, { least, most }: { least: number; most: number }): number {
  return Math.min(most, Math.max(least, tookMs / SHARE));
}

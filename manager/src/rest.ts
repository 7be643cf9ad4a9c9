/**
 * How long (ms) to rest after work that took a time: at a small appliance the least, at a big one so long that the work
 * stays a small share of the whole, but never more than the most.
 * @param share of the time that may be work, 0 to 1
 */
export function restAfter(
  tookMs: number,
  { least, most, share = 0.05 }: { least: number; most: number; share?: number },
): number {
  return Math.min(most, Math.max(least, (tookMs * (1 - share)) / share));
}

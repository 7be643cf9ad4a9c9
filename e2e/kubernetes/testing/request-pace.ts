import type { Seen } from './fault-proxy.ts';

/** The API server counts in seconds, and timers end a little early. */
const EARLY_MS = 20;

/**
 * What was asked for again before the time was over for which the answer had asked, in words. Single objects are left
 * out: several controllers read them at the same time, and none knows what the others were answered.
 */
export function tooEarly(seen: readonly Seen[]): string[] {
  const notBefore = new Map<string, number>();
  const early: string[] = [];
  for (const { at, fault, ...request } of seen) {
    if (request.method === 'GET' && !request.path.includes('?')) continue;
    const what = inWords(request);
    const wait = (notBefore.get(what) ?? at) - at;
    if (wait > EARLY_MS) early.push(`${what}: ${wait} ms too early`);
    if (fault?.kind === 'refuse') notBefore.set(what, at + (fault.retryAfterS ?? 0) * 1000);
  }
  return early;
}

/** How many requests there were within the second that had the most of them. */
export function busiestSecond(seen: readonly Seen[]): number {
  let first = 0;
  let most = 0;
  for (const [last, { at }] of seen.entries()) {
    while (at - (seen[first]?.at ?? at) >= 1000) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

/** Watches of one collection differ in where they go on and how long they last. */
export function inWords({ method, path, watch }: Pick<Seen, 'method' | 'path' | 'watch'>): string {
  return watch ? `WATCH ${path.replace(/\?.*/, '')}` : `${method} ${path}`;
}

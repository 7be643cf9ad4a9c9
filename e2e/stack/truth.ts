/** What the script did, and when. Instants in ms. */
export interface Deed {
  at: number;
  what: 'opened' | 'input' | 'focusLost' | 'closed';
  document: string;
}

export interface Times {
  activeMs: number;
  inactiveMs: number;
  timeoutMs: number;
}

/**
 * What a document's deeds amount to, straight from the words of the definition and sharing no code with the agent:
 * Active from an input to the last input of its run or to the loss of focus, else Inactive, after `timeoutAfterMs` of
 * that Timeout.
 */
export function truthOf(
  deeds: readonly Deed[],
  limits: { inactiveAfterMs: number; timeoutAfterMs: number },
): Times {
  const begin = instant(deeds, 'opened');
  const end = instant(deeds, 'closed');
  const runs: { from: number; to: number }[] = [];
  let run: { from: number; to: number } | undefined;
  for (const { at, what } of deeds) {
    if (what === 'opened') continue;
    const within = run !== undefined && at - run.to <= limits.inactiveAfterMs;
    if (run !== undefined && within) run.to = at;
    if (what === 'input' && !within) runs.push((run = { from: at, to: at }));
    if (what === 'focusLost') run = undefined;
  }
  const times = { activeMs: 0, inactiveMs: 0, timeoutMs: 0 };
  let idleSince = begin;
  for (const { from, to } of [...runs, { from: end, to: end }]) {
    const idle = from - idleSince;
    times.activeMs += to - from;
    times.inactiveMs += Math.min(idle, limits.timeoutAfterMs);
    times.timeoutMs += Math.max(0, idle - limits.timeoutAfterMs);
    idleSince = to;
  }
  return times;
}

function instant(deeds: readonly Deed[], what: Deed['what']): number {
  const found = deeds.find((deed) => deed.what === what);
  if (found === undefined) throw new Error(`the script never ${what} it`);
  return found.at;
}

import type { RecordedSpan } from './recorded.ts';

export interface TrueUse {
  peak: number;
  /** Time in each state, Active first. */
  ms: number[];
}

/** Looks at every elementary interval between any two changes: no sweep, no quarters, no roll-up. */
export function trueUse(spans: readonly RecordedSpan[], from: number, to: number): TrueUse {
  const inside = spans.filter((span) => span.started < to && span.ended > from);
  const cuts = [...new Set([from, to, ...inside.flatMap((span) => [span.started, span.ended])])]
    .filter((at) => at >= from && at <= to)
    .toSorted((a, b) => a - b);
  const ms = [0, 0, 0];
  let peak = 0;
  cuts.slice(0, -1).forEach((start, i) => {
    const states = new Map<number, number>();
    for (const span of inside)
      if (span.started <= start && span.ended > start)
        states.set(span.session, Math.min(states.get(span.session) ?? 9, span.state));
    for (const state of states.values()) ms[state - 1]! += cuts[i + 1]! - start;
    peak = Math.max(peak, states.size);
  });
  return { peak, ms };
}

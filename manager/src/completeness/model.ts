import { CAUSE, type Completeness } from '@process-meter/contract';
import type { Slot } from '../calendar/index.ts';

/** A stretch an agent watched without a break. `cause` says how it ended. */
export interface Watched {
  agent: number;
  from: number;
  to: number;
  cause: number;
}

export interface AgentPresence {
  agent: number;
  /** Nothing is expected of a revoked agent from this instant on. */
  revokedAt: number | null;
}

/** After these ends nobody used the desktop, or nobody could: nothing is expected until the agent watches again. */
const LEFT: ReadonlySet<number> = new Set([CAUSE.agentStopped, CAUSE.suspended, CAUSE.disconnected]);

/**
 * How much of each slot is known (docs/completeness.md). Of an agent is expected: every moment since it first watched,
 * except between a clean leave and its return. The share is covered time over expected time, all agents together.
 * @param watched sorted by agent, then from; the first of an agent in the list may lie before the slots
 * @param now nothing is expected of the future
 */
export function completenessOf(
  slots: readonly Slot[],
  watched: readonly Watched[],
  agents: readonly AgentPresence[],
  now: number,
): Completeness {
  const gaps = missingSpans(watched, agents, now);
  const filled = slots.map((slot) => {
    const end = Math.min(slot.to, now);
    const covered = total(watched, slot.from, end);
    const missing = total(gaps, slot.from, end);
    const blind = new Set(gaps.filter((gap) => gap.from < end && gap.to > slot.from).map((gap) => gap.agent));
    return { ...slot, covered, missing, agents: blind.size };
  });
  const sum = filled.reduce(
    (all, slot) => ({ covered: all.covered + slot.covered, missing: all.missing + slot.missing }),
    {
      covered: 0,
      missing: 0,
    },
  );
  return {
    share: share(sum),
    slots: filled.map((slot) => ({ from: slot.from, to: slot.to, share: share(slot), missing: slot.agents })),
  };
}

/** Spans in which an agent was expected to watch and nothing is known. */
export function missingSpans(
  watched: readonly Watched[],
  agents: readonly AgentPresence[],
  now: number,
): { agent: number; from: number; to: number }[] {
  const revoked = new Map(agents.map((agent) => [agent.agent, agent.revokedAt]));
  const spans: { agent: number; from: number; to: number }[] = [];
  watched.forEach((stretch, i) => {
    if (LEFT.has(stretch.cause)) return;
    const next = watched[i + 1];
    const until = next?.agent === stretch.agent ? next.from : now;
    const to = Math.min(until, now, revoked.get(stretch.agent) ?? Infinity);
    // News that is a little old is not missing: it is on its way.
    const tolerated = next?.agent === stretch.agent ? 0 : ON_ITS_WAY_MS;
    if (to - stretch.to > tolerated) spans.push({ agent: stretch.agent, from: stretch.to, to });
  });
  return spans;
}

/** Agents send at least once a minute; their last two minutes are on the way. */
const ON_ITS_WAY_MS = 120_000;

function total(spans: readonly { from: number; to: number }[], from: number, to: number): number {
  return spans.reduce((sum, span) => sum + Math.max(0, Math.min(span.to, to) - Math.max(span.from, from)), 0);
}

function share({ covered, missing }: { covered: number; missing: number }): number | null {
  return covered + missing === 0 ? null : covered / (covered + missing);
}

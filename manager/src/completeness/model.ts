import { CAUSE, type Completeness } from '@process-meter/contract';
import type { Slot } from '../calendar/index.ts';
import { QUARTER_MS } from '../rollup/index.ts';

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
  const covered = slots.map((slot) => total(watched, slot.from, Math.min(slot.to, now)));
  return completenessFrom(slots, covered, missingSpans(watched, agents, now), now);
}

/** Where an agent should have watched on, up to when it did; null while it did not come back. */
export interface Gap {
  agent: number;
  from: number;
  to: number | null;
  revokedAt: number | null;
}

/** Spans of gaps that are missing: nothing is expected of the future or of a revoked agent. */
export function spansOf(gaps: readonly Gap[], now: number): Missing[] {
  return gaps.flatMap(({ agent, from, to: back, revokedAt }) => {
    const to = Math.min(back ?? now, now, revokedAt ?? Infinity);
    // News that is a little old is not missing: it is on its way.
    const tolerated = back === null ? ON_ITS_WAY_MS : 0;
    return to - from > tolerated ? [{ agent, from, to }] : [];
  });
}

export interface Missing extends Slot {
  agent: number;
}

/** @param covered time covered in each slot, ms */
export function completenessFrom(
  slots: readonly Slot[],
  covered: readonly number[],
  gaps: readonly Missing[],
  now: number,
): Completeness {
  const filled = slots.map((slot, i) => {
    const end = Math.min(slot.to, now);
    const missing = total(gaps, slot.from, end);
    const blind = new Set(gaps.filter((gap) => gap.from < end && gap.to > slot.from).map((gap) => gap.agent));
    return { ...slot, covered: covered[i] ?? 0, missing, agents: blind.size };
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
): Missing[] {
  const revoked = new Map(agents.map((agent) => [agent.agent, agent.revokedAt]));
  const gaps = watched.flatMap((stretch, i) => {
    if (LEFT.has(stretch.cause)) return [];
    const next = watched[i + 1];
    const to = next?.agent === stretch.agent ? next.from : null;
    return [{ agent: stretch.agent, from: stretch.to, to, revokedAt: revoked.get(stretch.agent) ?? null }];
  });
  return spansOf(gaps, now);
}

/** Agents send at least once a minute; their last two minutes are on the way. */
const ON_ITS_WAY_MS = 120_000;

/** Time of the spans that lies between two instants, ms. */
export function total(spans: readonly Slot[], from: number, to: number): number {
  return spans.reduce((sum, span) => sum + Math.max(0, Math.min(span.to, to) - Math.max(span.from, from)), 0);
}

function share({ covered, missing }: { covered: number; missing: number }): number | null {
  return covered + missing === 0 ? null : covered / (covered + missing);
}

/** The parts of a slot that are no whole quarters, each inside one quarter: none, one or two. */
export function cutQuarters({ from, to }: Slot): Slot[] {
  const first = Math.ceil(from / QUARTER_MS) * QUARTER_MS;
  const last = Math.floor(to / QUARTER_MS) * QUARTER_MS;
  if (to <= from) return [];
  if (first > last) return [{ from, to }];
  return [
    { from, to: first },
    { from: last, to },
  ].filter((part) => part.to > part.from);
}

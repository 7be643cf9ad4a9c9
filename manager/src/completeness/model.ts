import type { Completeness } from '@process-meter/contract';
import type { Slot } from '../calendar/index.ts';

export interface AgentPresence {
  agent: number;
  /** Nothing is expected of a revoked agent from this instant on. */
  revokedAt: number | null;
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

/** Agents send at least once a minute; their last two minutes are on the way. */
const ON_ITS_WAY_MS = 120_000;

/** Time of the spans that lies between two instants, ms. */
export function total(spans: readonly Slot[], from: number, to: number): number {
  return spans.reduce((sum, span) => sum + Math.max(0, Math.min(span.to, to) - Math.max(span.from, from)), 0);
}

function share({ covered, missing }: { covered: number; missing: number }): number | null {
  return covered + missing === 0 ? null : covered / (covered + missing);
}

/**
 * The parts of a slot that are no whole units, each inside one: none, one or two.
 * @param unit ms, such as a quarter or a day of UTC
 */
export function cutParts({ from, to }: Slot, unit: number): Slot[] {
  const first = Math.ceil(from / unit) * unit;
  const last = Math.floor(to / unit) * unit;
  if (to <= from) return [];
  if (first > last) return [{ from, to }];
  return [
    { from, to: first },
    { from: last, to },
  ].filter((part) => part.to > part.from);
}

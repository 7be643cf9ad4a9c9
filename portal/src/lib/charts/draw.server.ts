import type { Completeness } from '@process-meter/contract';
import { incompleteSpans } from '#lib/answers/incomplete.ts';
import { count } from '#lib/format/figures.ts';
import type { ChartModel, Span, TickSets, TimeTick } from './chart-model.ts';
import { countTicks, thin } from './thinning.ts';
import { openOf, type StackPoint } from './stack.ts';
import { timeTicks } from './time-ticks.ts';

/** Most steps that are drawn as shapes. */
export const DRAWN_MOST = 300;
/** Most ticks a time axis has on the widest plot, and fewest it can do with. */
const TICKS_MOST = 32;
const TICKS_FEWEST = 2;

export interface ChartSource extends Span {
  readonly zone: string;
  readonly until: number;
  readonly points: readonly StackPoint[];
  readonly peak: ChartModel['peak'];
  readonly slots: Completeness['slots'];
  readonly bars: boolean;
}

/** The steps of a span, those at its ends cut to it: nothing is drawn outside the axis or after what can be known. */
export function within(points: readonly StackPoint[], span: Span): StackPoint[] {
  return points
    .filter((point) => point.at < span.to && point.at + point.lengthMs > span.from)
    .map(({ active, inactive, timeout, peak, ...step }) => {
      const at = Math.max(step.at, span.from);
      const lengthMs = Math.min(step.at + step.lengthMs, span.to) - at;
      return { at, lengthMs, active, inactive, timeout, peak };
    });
}

/** Spans cut to the axis and to what can be known; those outside are left out, neighbours are joined. */
function onAxis(spans: readonly Span[], { from, to, until }: ChartSource): Span[] {
  const joined: Span[] = [];
  for (const span of spans) {
    const cut = { from: Math.max(span.from, from), to: Math.min(span.to, to, until) };
    if (cut.to <= cut.from) continue;
    const last = joined.at(-1);
    if (last?.to === cut.from) joined[joined.length - 1] = { from: last.from, to: cut.to };
    else joined.push(cut);
  }
  return joined;
}

/** Ticks for every width, densest first: each set once, with the smallest number that still allows it. */
export function tickSets({ from, to }: Span, zone: string): TickSets {
  const sets: { most: number; ticks: TimeTick[] }[] = [];
  for (let most = TICKS_FEWEST; most <= TICKS_MOST; most += 1) {
    const ticks = timeTicks({ from, to }, zone, most);
    if (ticks.length !== sets[0]?.ticks.length) sets.unshift({ most, ticks });
  }
  return sets;
}

/** What a chart draws of a source: its shapes, its axes and what is known of its time. */
export function chartModel(source: ChartSource): ChartModel {
  const { from, to, until, points, peak, slots, bars } = source;
  const highest = points.reduce((most, point) => Math.max(most, openOf(point)), peak?.count ?? 0);
  const top = Math.max(1, highest * 1.06);
  return {
    from,
    to,
    until,
    bars,
    top,
    peak,
    counts: countTicks(top).map((value) => ({ value, label: count(value) })),
    times: tickSets(source, source.zone),
    drawn: bars ? points : thin(points, DRAWN_MOST),
    known: onAxis(
      slots.filter((slot) => slot.share !== null),
      source,
    ),
    gaps: onAxis(incompleteSpans(slots, until), source),
  };
}

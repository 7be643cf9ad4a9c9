import type { StackPoint } from './stack.ts';

export interface Span {
  readonly from: number;
  readonly to: number;
}
export interface TimeTick {
  readonly at: number;
  readonly label: string;
}

/** Ticks of a time axis for every width, densest first. */
export type TickSets = readonly { readonly most: number; readonly ticks: readonly TimeTick[] }[];

/** The densest ticks of which no more than `most` are drawn. */
export function ticksFor(sets: TickSets, most: number): readonly TimeTick[] {
  return (sets.find((set) => set.most <= most) ?? sets.at(-1))?.ticks ?? [];
}

/** Everything a stacked chart is drawn from, worked out by the server: the browser only lays it out at its own width. */
export interface ChartModel extends Span {
  /** Figures end here. */
  readonly until: number;
  /** One bar a step in place of an area: from 15 days on. */
  readonly bars: boolean;
  /** Top of the count axis. */
  readonly top: number;
  readonly counts: readonly { readonly value: number; readonly label: string }[];
  readonly times: TickSets;
  /** The shapes: few enough steps to be drawn at once. */
  readonly drawn: readonly StackPoint[];
  readonly peak: { readonly at: number; readonly text: string; readonly count: number } | null;
  /** Stretches in which agents were expected to measure; where none was, nothing is drawn. */
  readonly known: readonly Span[];
  /** Stretches whose data is not all here. */
  readonly gaps: readonly Span[];
}

/** A chart that can be read step by step. */
export interface ReadModel extends ChartModel {
  readonly zone: string;
  /** Every step, also where the drawing joins some. */
  readonly points: readonly StackPoint[];
}

/** Index of the point whose step holds an instant; the nearest at the ends. */
export function indexAt(points: readonly StackPoint[], at: number): number {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((points[middle]?.at ?? 0) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

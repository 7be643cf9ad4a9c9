import type { Completeness } from '@process-meter/contract';
import { openOf, type StackPoint } from './stack.ts';

/** Everything a stacked chart is drawn from. */
export interface ChartModel {
  readonly from: number;
  readonly to: number;
  readonly zone: string;
  /** Figures end here. */
  readonly until: number;
  readonly points: readonly StackPoint[];
  readonly peak: { readonly at: number; readonly text: string; readonly count: number } | null;
  readonly slots: Completeness['slots'];
  /** One bar a step in place of an area: from 15 days on. */
  readonly bars: boolean;
}

/** Top of the count axis: above everything that is drawn. */
export function topOf(model: ChartModel): number {
  const highest = model.points.reduce((most, point) => Math.max(most, openOf(point)), model.peak?.count ?? 0);
  return Math.max(1, highest * 1.06);
}

/** The steps of a span, those at its ends cut to it: nothing is drawn outside the axis or after what can be known. */
export function within(points: readonly StackPoint[], span: { from: number; to: number }): StackPoint[] {
  return points
    .filter((point) => point.at < span.to && point.at + point.lengthMs > span.from)
    .map((point) => {
      const at = Math.max(point.at, span.from);
      return { ...point, at, lengthMs: Math.min(point.at + point.lengthMs, span.to) - at };
    });
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

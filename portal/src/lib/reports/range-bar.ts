import type { RangeView } from '#lib/range/range-view.ts';

/** What the filter bar of a report shows of its range. */
export interface RangeBarView {
  readonly range: RangeView;
  readonly zone: string;
  /** The page's query without the range, for links and the form. */
  readonly keep: readonly (readonly [string, string])[];
  /** In which zone the times of the page are. */
  readonly zoneText: string;
  /** What was typed and could not be read as a range. */
  readonly refused: string | null;
}

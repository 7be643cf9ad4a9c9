import type { ReadModel } from '#lib/charts/chart-model.ts';

/** Everything Concurrent Use says and draws, worked out by the server. */
export interface ConcurrentView {
  readonly title: string;
  readonly answer: readonly string[];
  readonly application: string;
  readonly applications: readonly { id: number; name: string; href: string; on: boolean }[];
  /** What is missing and what it does to the figures. */
  readonly notice: { title: string; text: string } | null;
  readonly chart: ChartView;
  readonly ladder: LadderView;
  readonly lanes: LanesView | null;
  readonly daily: DailyView | null;
  readonly facts: readonly Fact[];
  readonly foot: { text: string; href: string | null } | null;
  readonly table: TableView;
}

export interface ChartView {
  readonly model: ReadModel;
  readonly label: string;
  readonly left: number;
  readonly height: number;
  /** Said in place of a drawing when nothing was open. */
  readonly empty: { title: string; href: string } | null;
}

export interface LadderView {
  readonly steps: readonly { text: string; href: string; on: boolean }[];
  readonly earlier: string;
  readonly later: string;
  readonly wider: string | null;
  readonly finer: string | null;
  readonly widest: string;
}

/** Places are per cent of the plot's width. */
export interface LanesView {
  readonly ticks: readonly number[];
  readonly peak: number | null;
  readonly lanes: readonly {
    session: string;
    user: string;
    computer: string;
    title: string;
    parts: readonly { fill: string; left: number; width: number }[];
  }[];
}

export interface DailyView {
  readonly days: readonly { at: number; href: string; text: string; height: number; on: boolean }[];
  readonly months: readonly { left: number; text: string }[];
}

export interface Fact {
  readonly name: string;
  readonly value: string;
  readonly href: string | null;
  readonly why: string;
  /** Nothing was open: the figure is a quiet 0. */
  readonly none: boolean;
}

export interface TableView {
  readonly choices: readonly { text: string; href: string; on: boolean }[];
  /** Said in place of the table. */
  readonly empty: string;
  readonly rows: readonly TableLine[];
  /** What the whole width of a bar stands for. */
  readonly whole: number;
  readonly foot: string;
}

export interface TableLine {
  readonly at: number;
  readonly text: string;
  readonly href: string;
  readonly active: number;
  readonly inactive: number;
  readonly timeout: number;
  /** Averages by state and in all, then the peak. */
  readonly figures: readonly string[];
  readonly peak: string;
  readonly known: string;
  readonly look: 'soft' | 'strong' | '';
  readonly holdsPeak: boolean;
}

import type { StateName } from '@process-meter/contract';
import type { TickSets } from '#lib/charts/chart-model.ts';
import type { Step } from './changes.ts';

/** What Session Detail says and draws, worked out by the server. */
export interface SessionView {
  readonly title: string;
  readonly answer: readonly string[];
  readonly previous: string | null;
  readonly next: string | null;
  readonly zoneText: string;
  readonly sums: readonly { state: StateName; text: string; share: string }[];
  /** Some of its time was Active because the processor was at work. */
  readonly busy: boolean;
  readonly timeline: TimelineView;
  readonly changes: readonly ChangeLine[];
  /** Changes the list has before all are asked for. */
  readonly listed: number;
  readonly changesFoot: string;
  readonly allChanges: string;
  readonly documents: readonly DocumentLine[];
  readonly facts: readonly FactPanel[];
}

export interface TimelineView {
  readonly from: number;
  readonly to: number;
  readonly label: string;
  readonly times: TickSets;
  readonly lanes: readonly Lane[];
}

export interface Lane {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly tall: boolean;
  readonly segments: readonly { from: number; to: number; state: StateName; busy: boolean }[];
}

export interface ChangeLine extends Step {
  readonly name: string;
  readonly before: StateName | 'opened';
  readonly clock: string;
  readonly cause: string;
  /** How long the state after it lasted; empty when it closed. */
  readonly lasted: string;
  /** The day, where it is another than that of the change before. */
  readonly day: string | null;
}

export interface DocumentLine {
  readonly id: string;
  readonly name: string;
  readonly note: string;
  readonly times: readonly { text: string; none: boolean }[];
  readonly open: string;
}

export interface FactPanel {
  readonly title: string;
  readonly note: { text: string; href: string } | null;
  readonly rows: readonly { name: string; text: string; href: string | null; look: string }[];
  readonly text: string;
}

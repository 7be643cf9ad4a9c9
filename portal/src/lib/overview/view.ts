import type { LiveNow } from '@process-meter/contract';
import type { ChartModel } from '#lib/charts/chart-model.ts';
import type { IconName } from '#lib/ui/icons.ts';

/** What the Overview says and draws; all but what is in use now is worked out by the server. */
export interface OverviewView {
  readonly zone: string;
  readonly live: LiveNow;
  readonly today: TodayView;
  readonly tasks: readonly TaskView[];
  readonly tasksNote: string;
  readonly data: DataView;
  /** No application is metered yet: said while waiting for the first agent. */
  readonly noApplication: string | null;
}

export interface TodayView {
  readonly model: ChartModel;
  readonly label: string;
  /** Some data of today has not arrived. */
  readonly incomplete: boolean;
}

export interface TaskView {
  readonly kind: string;
  readonly title: string;
  readonly text: string;
  readonly link: string;
  readonly href: string;
  readonly icon: IconName;
  readonly hot: boolean;
}

export interface DataView {
  readonly note: string;
  /** Each hour of the day: complete, with a gap, or nothing known. */
  readonly hours: readonly ('' | 'none' | 'gap')[];
  readonly told: readonly string[];
  /** Some agents have not sent all of it: a link says which. */
  readonly missing: boolean;
}

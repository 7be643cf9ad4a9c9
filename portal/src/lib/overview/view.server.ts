import type { Overview } from '@process-meter/contract';
import { incompleteSpans, type Incomplete } from '#lib/answers/incomplete.ts';
import { chartModel, within } from '#lib/charts/draw.server.ts';
import { count, share } from '#lib/format/figures.ts';
import { clock, moment } from '#lib/format/instants.ts';
import { overviewDay as texts, taskTexts } from '#lib/i18n/overview-day.ts';
import type { IconName } from '#lib/ui/icons.ts';
import { hoursOfDay } from './hours-of-day.ts';
import { todaySpan } from './today-span.ts';
import type { DataView, OverviewView, TaskView, TodayView } from './view.ts';

type Task = Overview['tasks'][number];

const LOOK: Record<Task['kind'], { icon: IconName; hot: boolean }> = {
  agentsSilent: { icon: 'alert', hot: true },
  deadLetters: { icon: 'alert', hot: true },
  recordsLost: { icon: 'alert', hot: true },
  agentsBlind: { icon: 'computer', hot: false },
  configurationOld: { icon: 'server', hot: false },
  noAgents: { icon: 'computer', hot: false },
  noApplications: { icon: 'file', hot: false },
};
/** Most stretches of missing data that are told; the chart shows all. */
const TOLD_MOST = 2;

function taskView({ kind, count: number, since }: Task, zone: string, now: number): TaskView {
  const when = since === null ? null : moment(since, zone, now);
  return { kind, ...LOOK[kind], ...taskTexts[kind](number, when) };
}

/** Stretches of today with data missing: a slot may have begun the day before. */
function missingToday({ completeness, today, live }: Overview): Incomplete[] {
  return incompleteSpans(completeness.slots, live.at)
    .filter((span) => span.to > today.from)
    .map((span) => ({ ...span, from: Math.max(span.from, today.from) }));
}

function todayView(overview: Overview): TodayView {
  const { today, completeness, zone, live } = overview;
  const { peak, points } = today;
  const span = todaySpan({ today, zone }, live.at);
  const when = peak.at === null ? '' : clock(peak.at, zone);
  return {
    model: chartModel({
      ...span,
      zone,
      until: live.at,
      points: within(points, { from: span.from, to: Math.min(span.to, live.at) }),
      peak:
        peak.at === null
          ? null
          : { at: peak.at, count: peak.count, text: texts.peak(count(peak.count), when) },
      slots: completeness.slots,
      bars: false,
    }),
    label: texts.chart(peak.count, when),
    incomplete: missingToday(overview).length > 0,
  };
}

function toldOf(overview: Overview): { told: string[]; missing: boolean } {
  const { completeness, zone } = overview;
  if (completeness.share === null) return { told: [texts.data.unknown], missing: false };
  const spans = missingToday(overview);
  if (spans.length === 0) return { told: [texts.data.complete], missing: false };
  const told = spans
    .slice(-TOLD_MOST)
    .map((span) => texts.data.partial(clock(span.from, zone), clock(span.to, zone), span.agents));
  return { told, missing: true };
}

function dataView(overview: Overview): DataView {
  const known = overview.completeness.share;
  return {
    note: known === null ? texts.data.none : texts.data.share(share(known)),
    hours: hoursOfDay(overview, overview.live.at).map((hour) => hour.look),
    ...toldOf(overview),
  };
}

/** All that the Overview says and draws. */
export function overviewView(overview: Overview): OverviewView {
  const { tasks, zone, live } = overview;
  return {
    zone,
    live,
    today: todayView(overview),
    tasks: tasks.map((task) => taskView(task, zone, live.at)),
    tasksNote: texts.tasks(tasks.length),
    data: dataView(overview),
    noApplication: tasks.some((task) => task.kind === 'noApplications') ? texts.noApplication : null,
  };
}

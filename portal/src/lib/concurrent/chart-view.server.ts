import type { ConcurrentUse, Lane } from '@process-meter/contract';
import { whenIn } from '#lib/answers/concurrent-answer.ts';
import { chartModel, within } from '#lib/charts/draw.server.ts';
import { monthStarts, timeTicks } from '#lib/charts/time-ticks.ts';
import { duration } from '#lib/format/durations.ts';
import { day, monthName } from '#lib/format/instants.ts';
import { startOfDay } from '#lib/format/zone.ts';
import { concurrent } from '#lib/i18n/concurrent.ts';
import { withParams } from '#lib/range/address.ts';
import { zoomOf, zoomRange, type Range } from '#lib/range/range.ts';
import { plotSpan } from './plot-span.ts';
import type { ChartView, DailyView, LanesView } from './view.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}
/** Height of the bar of the day with the highest peak. */
const DAILY_PX = 34;
const LEFT = 52;
const LEFT_OF_LANES = 184;

/** True where the stack opens into sessions, one lane each. */
export const hasLanes = (report: ConcurrentUse, range: Range): boolean =>
  zoomOf(range) === 'hour' && report.lanes.length > 0;

/** The stacked chart: its shapes, its words, and how much room it takes. */
export function chartView(report: ConcurrentUse, range: Range, params: URLSearchParams): ChartView {
  const { zone, until, peak, completeness } = report;
  const span = plotSpan(report, range.preset === 'today');
  const bars = report.step === 'day';
  // A bar is a whole day, also today's.
  const points = bars
    ? report.points.filter((point) => point.at < until)
    : within(report.points, { from: span.from, to: Math.min(span.to, until) });
  const when = peak.at === null ? '' : whenIn(report, peak.at);
  const mark =
    peak.at === null ? null : { at: peak.at, count: peak.count, text: concurrent.peakMark(peak.count, when) };
  const lanes = hasLanes(report, range);
  const { table } = concurrent;
  return {
    model: {
      ...chartModel({ ...span, zone, until, points, peak: mark, slots: completeness.slots, bars }),
      zone,
      points,
    },
    label: mark === null ? concurrent.chartNone : concurrent.chart(peak.count, when),
    left: lanes ? LEFT_OF_LANES : LEFT,
    height: lanes ? 240 : 340,
    empty:
      mark === null
        ? {
            title: completeness.share === null ? table.emptyUnmeasured : table.empty,
            href: withParams(params, { range: '90d', from: null, to: null, step: null }),
          }
        : null,
  };
}

/** Sessions side by side on the axis of the chart above them. */
export function lanesView(report: ConcurrentUse, { from, to }: Span): LanesView {
  const percent = (at: number): number => ((Math.min(Math.max(at, from), to) - from) / (to - from)) * 100;
  const partOf = (segment: Lane['segments'][number]) => ({
    fill: segment.state.charAt(0),
    left: percent(segment.from),
    width: percent(segment.to) - percent(segment.from),
  });
  return {
    ticks: timeTicks({ from, to }, report.zone, 8).map((tick) => percent(tick.at)),
    peak: report.peak.at === null ? null : percent(report.peak.at),
    lanes: report.lanes.map(({ session, user, computer, unusedMs, segments }) => ({
      session,
      user,
      computer,
      title: concurrent.lanes.lane(user, computer, duration(unusedMs)),
      parts: segments.map(partOf),
    })),
  };
}

/** The peaks of 90 days, each the way to its day. */
export function dailyView(report: ConcurrentUse, range: Range, hrefOf: (span: Span) => string): DailyView {
  const { daily, zone } = report;
  const top = Math.max(1, ...daily.map((each) => each.peak));
  const first = daily[0]?.at ?? range.from;
  const end = startOfDay(daily.at(-1)?.at ?? range.to, zone, 1);
  return {
    days: daily.map(({ at, peak }) => ({
      at,
      href: hrefOf(zoomRange('day', at, zone)),
      text: concurrent.dailyDay(day(at, zone), peak),
      height: peak === 0 ? 2 : Math.max(3, Math.round((peak / top) * DAILY_PX * 10) / 10),
      on: at < range.to && startOfDay(at, zone, 1) > range.from,
    })),
    months: monthStarts({ from: first, to: end }, zone).map((at) => ({
      left: ((at - first) / Math.max(1, end - first)) * 100,
      text: monthName(at, zone),
    })),
  };
}

import type { ConcurrentUse } from '@process-meter/contract';
import { applicationName, concurrentAnswer, whenIn } from '#lib/answers/concurrent-answer.ts';
import { incompleteSpans } from '#lib/answers/incomplete.ts';
import { duration } from '#lib/format/durations.ts';
import { average, count, shareOf } from '#lib/format/figures.ts';
import { concurrent } from '#lib/i18n/concurrent.ts';
import { withParams } from '#lib/range/address.ts';
import type { Range } from '#lib/range/range.ts';
import { sessionsHref, spanHref } from './addresses.ts';
import { chartView, dailyView, hasLanes, lanesView } from './chart-view.server.ts';
import { ladderView } from './ladder.server.ts';
import { tableView } from './table-view.server.ts';
import type { ConcurrentView, Fact } from './view.ts';

/** The stretch with most agents missing is told; the strip under the chart shows all. */
function noticeOf(report: ConcurrentUse): ConcurrentView['notice'] {
  const spans = incompleteSpans(report.completeness.slots, report.until).filter((span) => span.agents > 0);
  const worst = spans.toSorted((one, other) => other.agents - one.agents)[0];
  if (worst === undefined) return null;
  const { partial } = concurrent;
  return {
    title: partial.title(whenIn(report, worst.from), whenIn(report, worst.to)),
    text: partial.text(worst.agents, report.peak.count),
  };
}

/** Without an agent nothing was counted: that is not zero. */
function unknownFacts(): Fact[] {
  const { peak, active, average: mean, unused, worked, unknown, unknownWhy } = concurrent.facts;
  return [peak, active, mean, unused, worked].map((name) => ({
    name,
    value: unknown,
    href: null,
    why: unknownWhy,
    none: true,
  }));
}

function factsOf(report: ConcurrentUse, sessionsAt: (at: number) => string): Fact[] {
  const { facts } = concurrent;
  const { peak, peakActive, times } = report;
  if (report.completeness.share === null && peak.at === null) return unknownFacts();
  const open = times.activeMs + times.inactiveMs + times.timeoutMs;
  const atPeak = (name: string, { at, count: most }: ConcurrentUse['peak'], why: string): Fact => ({
    name,
    value: count(at === null ? 0 : most),
    href: at === null ? null : sessionsAt(at),
    why: at === null ? facts.never : why,
    none: at === null,
  });
  const plain = (name: string, value: string, why: string): Fact => ({
    name,
    value,
    href: null,
    why,
    none: false,
  });
  return [
    atPeak(facts.peak, peak, facts.peakWhy(whenIn(report, peak.at ?? 0), duration(peak.forMs))),
    atPeak(facts.active, peakActive, facts.activeWhy(whenIn(report, peakActive.at ?? 0))),
    plain(facts.average, average(report.average), facts.averageWhy),
    plain(facts.unused, shareOf(open - times.activeMs, open), open === 0 ? facts.never : facts.unusedWhy),
    plain(facts.worked, duration(times.activeMs), facts.workedWhy(duration(open))),
  ];
}

/** All that Concurrent Use says and draws of a report. */
export function concurrentView(report: ConcurrentUse, range: Range, params: URLSearchParams): ConcurrentView {
  const { application, applications, from, to, zone, lanes } = report;
  const hrefOf = (span: { from: number; to: number }): string => spanHref(params, span, zone);
  const sessionsAt = (at: number): string =>
    sessionsHref({ app: application?.slug ?? null, from, to, zone }, at);
  const chart = chartView(report, range, params);
  const inLanes = hasLanes(report, range);
  const name = applicationName(report);
  return {
    title: concurrent.title(name),
    answer: concurrentAnswer(report),
    application: name,
    applications: applications.map((each) => ({
      id: each.id,
      name: each.name,
      href: withParams(params, { app: each.slug }),
      on: each.id === application?.id,
    })),
    notice: noticeOf(report),
    chart,
    ladder: ladderView(report, range, hrefOf),
    lanes: inLanes ? lanesView(report, chart.model) : null,
    daily: inLanes || chart.model.bars ? null : dailyView(report, range, hrefOf),
    facts: factsOf(report, sessionsAt),
    foot: inLanes
      ? { text: concurrent.lanes.foot(lanes.length), href: sessionsAt(report.peak.at ?? from) }
      : chart.model.bars
        ? { text: concurrent.bars, href: null }
        : null,
    table: tableView(report, params),
  };
}

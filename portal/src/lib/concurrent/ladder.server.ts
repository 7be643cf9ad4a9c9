import type { ConcurrentUse } from '@process-meter/contract';
import { clock, day } from '#lib/format/instants.ts';
import { isoWeek } from '#lib/format/zone.ts';
import { concurrent } from '#lib/i18n/concurrent.ts';
import { shiftRange, zoomOf, zoomRange, ZOOMS, type Range, type Zoom } from '#lib/range/range.ts';
import type { LadderView } from './view.ts';

interface Span {
  readonly from: number;
  readonly to: number;
}

/** The steps of the zoom ladder with their addresses, and those before, after, wider and finer. */
export function ladderView(report: ConcurrentUse, range: Range, hrefOf: (span: Span) => string): LadderView {
  const { zone, until } = report;
  const zoom = zoomOf(range);
  const index = ZOOMS.indexOf(zoom);
  const inside = (at: number): number => Math.min(range.to - 1, Math.max(range.from, at));
  // A finer step opens around the peak, a wider one around what is shown.
  const around = report.peak.at ?? inside(until - 1);
  const isFiner = (step: Zoom): boolean => ZOOMS.indexOf(step) > index;
  const spanOf = (step: Zoom): Span => zoomRange(step, isFiner(step) ? around : inside(around), zone);
  const nameOf = (step: Zoom): string => {
    if (isFiner(step) || step === '90d') return concurrent.zoom[step];
    if (step === 'week') return concurrent.week(isoWeek(spanOf(step).from, zone).week);
    if (step === 'day') return day(spanOf(step).from, zone, until);
    return `${clock(range.from, zone)} – ${clock(range.to, zone)}`;
  };
  const hrefOfStep = (step: Zoom | undefined): string | null =>
    step === undefined ? null : hrefOf(spanOf(step));
  return {
    steps: ZOOMS.map((step) => ({
      text: nameOf(step),
      href: hrefOf(step === zoom ? range : spanOf(step)),
      on: step === zoom,
    })),
    earlier: hrefOf(shiftRange(range, -1, zone)),
    later: hrefOf(shiftRange(range, 1, zone)),
    wider: hrefOfStep(ZOOMS[index - 1]),
    finer: hrefOfStep(ZOOMS[index + 1]),
    widest: hrefOf(spanOf('90d')),
  };
}

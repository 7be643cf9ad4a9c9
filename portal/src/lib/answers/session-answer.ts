import type { SessionDetail, Sessions } from '@process-meter/contract';
import { duration } from '#lib/format/durations.ts';
import { share } from '#lib/format/figures.ts';
import * as use from '#lib/i18n/use.ts';

/** How long open, worked in, and held for nothing. */
export function sessionAnswer(session: SessionDetail): string[] {
  const { answer } = use.session;
  const open = session.activeMs + session.inactiveMs + session.timeoutMs;
  const sentences: string[] = [];
  if (session.ended === null) sentences.push(answer.openNow(duration(open), duration(session.activeMs)));
  else if (session.activeMs === 0) sentences.push(answer.notWorked(duration(open)));
  else if (session.activeMs >= open) sentences.push(answer.allWorked(duration(open)));
  else sentences.push(answer.ended(duration(open), duration(session.activeMs)));
  if (session.timeoutMs > 0) sentences.push(answer.timeout(duration(session.timeoutMs)));
  else if (session.inactiveMs >= 60_000) sentences.push(answer.inactive(duration(session.inactiveMs)));
  return sentences;
}

/** How many sessions match, and what they add up to; says so where the time is not all known. */
export function sessionsAnswer(report: Sessions): string[] {
  const { answer, partial } = use.sessions;
  const { activeMs, inactiveMs, timeoutMs } = report.totals;
  const first =
    report.total === 0
      ? report.completeness.share === null
        ? answer.unknown
        : answer.none
      : answer.found(report.total, duration(activeMs + inactiveMs + timeoutMs), duration(activeMs));
  const known = report.completeness.share;
  return known === null || known >= 1 ? [first] : [first, partial(share(known))];
}

import type { Overview } from '@process-meter/contract';
import { duration } from '#lib/format/durations.ts';
import { overview } from '#lib/i18n/overview.ts';

/** One sentence of an answer; `alarm` when somebody must act on it. */
export interface Sentence {
  readonly text: string;
  readonly alarm: boolean;
}

const plain = (text: string): Sentence => ({ text, alarm: false });

function second(live: Overview['live']): Sentence | null {
  const { silent, connected, away } = live.agents.counts;
  if (connected === 0 && silent + away > 0) return { text: overview.answer.noneConnected, alarm: true };
  if (silent > 0) return { text: overview.answer.silent(silent), alarm: true };
  const longest = live.idle.find((session) => session.state === 'timeout');
  if (live.timeout === 0 || longest === undefined) return null;
  return plain(overview.answer.idle(live.timeout, duration(live.at - longest.since)));
}

/** Agents ever enrolled and not revoked. */
export function enrolledAgents(live: Overview['live']): number {
  const { connected, away, silent, neverSeen } = live.agents.counts;
  return connected + away + silent + neverSeen;
}

/** True before the first agent has reported: the Overview then shows the way to it. */
export function isBeforeFirstAgent(live: Overview['live']): boolean {
  const { connected, away, silent } = live.agents.counts;
  return connected + away + silent === 0 && live.active + live.inactive + live.timeout === 0;
}

/** How much is open and worked in, and what presses most. */
export function overviewAnswer(live: Overview['live']): Sentence[] {
  if (isBeforeFirstAgent(live)) return [plain(overview.answer.empty)];
  const open = live.active + live.inactive + live.timeout;
  const first = plain(open === 0 ? overview.answer.none : overview.answer.open(open, live.active));
  const next = second(live);
  return next === null ? [first] : [first, next];
}

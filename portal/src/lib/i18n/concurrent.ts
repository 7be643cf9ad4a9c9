import type { Zoom } from '#lib/range/range.ts';
import { plural } from './plural.ts';

const count = (value: number): string => value.toLocaleString('en-GB');

/** Texts of Concurrent Use. */
export const concurrent = {
  title: (application: string) => `Concurrent use of ${application}`,
  noApplication: 'No application',
  answer: {
    noApplication: 'No application is metered yet, so nothing was counted.',
    none: (application: string) => `${application} was not open in this time.`,
    noneSoFar: (application: string) =>
      `As far as is known, ${application} was not open in this time; some agents have not sent all of it.`,
    unknown: (application: string) =>
      `No agent was measuring in this time, so it is not known whether ${application} was open.`,
    one: (at: string) => `Never more than 1 open at once, first at ${at}.`,
    peak: (peak: number, at: string) => `Peak ${count(peak)} at ${at}.`,
    allWorked: (peak: number) => `All ${count(peak)} were worked in then.`,
    noneWorked: (peak: number) => `None of the ${count(peak)} was worked in at that moment.`,
    worked: (active: number, peak: number) =>
      plural(active, {
        one: `Only # of the ${count(peak)} was worked in then.`,
        other: `Only # of the ${count(peak)} were worked in then.`,
      }),
    workedAndEnough: (active: number, peak: number, enough: number) =>
      plural(active, {
        one: `Only # of the ${count(peak)} was worked in then; with those in Timeout released, ${count(enough)} would have done.`,
        other: `Only # of the ${count(peak)} were worked in then; with those in Timeout released, ${count(enough)} would have done.`,
      }),
  },
  partial: {
    title: (from: string, to: string) => `${from} to ${to} is not complete.`,
    text: (agents: number, peak: number) =>
      plural(agents, {
        one: `# agent has not sent that time yet. The figures there may rise, and so the peak from ${count(peak)}.`,
        other: `# agents have not sent that time yet. The figures there may rise, and so the peak from ${count(peak)}.`,
      }),
  },
  zoom: { '90d': '90 days', week: 'Week', day: 'Day', hour: 'Hour' } satisfies Record<Zoom, string>,
  week: (week: number) => `Week ${String(week)}`,
  chart: (peak: number, at: string) =>
    `Open sessions stacked by state. Peak ${count(peak)} at ${at}. The table below has the same figures.`,
  chartNone: 'Open sessions stacked by state: none in this time. The table below has the same figures.',
  peakMark: (peak: number, at: string) => `Peak ${count(peak)} at ${at}`,
  dailyDay: (day: string, peak: number) => `${day}: peak ${count(peak)}`,
  card: {
    open: 'Open',
    enter: (n: number) =>
      plural(n, { zero: 'nothing open', one: 'Enter: the session', other: 'Enter: the # sessions' }),
  },
  facts: {
    peak: 'Peak open',
    peakWhy: (at: string, lasted: string) => `${at}, for ${lasted}`,
    active: 'Peak worked in',
    activeWhy: (at: string) => `most Active at once, ${at}`,
    average: 'Average open',
    averageWhy: 'time weighted over the range',
    unused: 'Held without use',
    unusedWhy: 'Inactive or Timeout, of all open time',
    worked: 'Worked in',
    workedWhy: (open: string) => `of ${open} open`,
    never: 'nothing open',
    unknown: 'not measured',
    unknownWhy: 'no agent in this time',
  },
  table: {
    steps: { hour: 'Hour', quarter: '15 min', minute: 'Minute', day: 'Day' },
    onlyUse: (shown: number, all: number) =>
      `${count(shown)} of ${count(all)} steps: those in which something was open. The export has all.`,
    onlyFirst: (shown: number, all: number) =>
      `The first ${count(shown)} of ${count(all)} steps in which something was open. The export has all.`,
    empty: 'Nothing was open in this time.',
    emptyUnmeasured: 'No agent was expected to measure in this time.',
    notMeasured: 'not measured',
  },
  lanes: {
    foot: (shown: number) =>
      plural(shown, {
        one: 'At this zoom the stack opens into sessions: # lane.',
        other: 'At this zoom the stack opens into sessions: # lanes, longest unused first.',
      }),
    lane: (user: string, computer: string, unused: string) => `${user} on ${computer}, ${unused} unused`,
  },
  bars: 'One bar a day: the states at the minute of that day’s peak. Choose a day to open it, drag across days to zoom.',
} as const;

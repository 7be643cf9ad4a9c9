import { plural } from './plural.ts';

const count = (value: number): string => value.toLocaleString('en-GB');

/** Texts of one session. */
export const session = {
  name: (user: string, application: string, day: string) => `${user} in ${application}, ${day}`,
  answer: {
    openNow: (open: string, active: string) => `Open for ${open} so far and worked in for ${active}.`,
    ended: (open: string, active: string) => `Open for ${open} and worked in for ${active}.`,
    allWorked: (open: string) => `Open for ${open} and worked in all that time.`,
    notWorked: (open: string) => `Open for ${open} and never worked in.`,
    timeout: (timeout: string) => `For ${timeout} it stood in Timeout.`,
    inactive: (inactive: string) =>
      `For ${inactive} it was open without input, never long enough for Timeout.`,
  },
  timelineLabel: (documents: number) =>
    plural(documents, {
      one: 'Time line of the session and its document; the same changes are listed below',
      other: 'Time line of the session and its # documents; the same changes are listed below',
    }),
  lane: 'Session',
  laneNote: 'most active of its documents',
  soFar: 'so far',
  changes: {
    count: (n: number) =>
      plural(n, { one: '# change. Times to the second', other: '# changes. Times to the second' }),
    shown: (shown: number, all: number) => `${count(shown)} of ${count(all)} changes. Times to the second`,
    all: (n: number) => `Show all ${count(n)}`,
  },
  documents: {
    source: { file: 'file', title: 'from the window title', none: 'not told by the application' },
  },
  where: {
    title: 'Where and with what',
    user: 'User',
    computer: 'Computer',
    desktop: 'Desktop',
    session: 'Session',
    program: 'Program',
    process: 'Process',
    agent: 'Agent',
    ended: 'Ended by',
    open: 'open now',
    span: (from: string, to: string) => `${from} to ${to}`,
    since: (from: string) => `since ${from}`,
  },
  rules: {
    title: 'Rules in force',
    configuration: (revision: string) => `Configuration ${revision}`,
    inactive: 'Inactive after',
    inactiveValue: (time: string) => `${time} without input`,
    timeout: 'Timeout after',
    timeoutValue: (time: string) => `${time} Inactive`,
    busy: 'Busy counts',
    busyYes: (share: string) => `Yes, above ${share} of one core`,
    busyNo: 'No',
    titles: 'Window titles',
    paths: 'Folders',
    unknown: 'The rules of that time are no longer kept.',
  },
  recorded: {
    title: 'What is recorded',
    text: 'That a key or the pointer was used, once a second. Not which key, not where, no picture of the screen.',
  },
} as const;

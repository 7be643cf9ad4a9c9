import { plural } from './plural.ts';

/** Texts of the Overview. */
export const overview = {
  title: 'Overview',
  answer: {
    none: 'No metered application is open now.',
    open: (open: number, active: number) =>
      plural(open, {
        one:
          active === 1
            ? '1 session is open and it is worked in.'
            : '1 session is open; nobody works in it now.',
        other: workedIn(active, open),
      }),
    idle: (count: number, longest: string) =>
      plural(count, {
        one: `One has been in Timeout for ${longest}.`,
        other: `# are in Timeout, one of them for ${longest}.`,
      }),
    silent: (count: number) =>
      plural(count, {
        one: '# agent has been silent for over a day.',
        other: '# agents have been silent for over a day.',
      }),
    noneConnected: 'No agent is connected, so nothing is known of now.',
    empty:
      'No computer reports yet. Install the agent on one, and its first session shows here within a minute.',
  },
  now: {
    title: 'In use now',
    where: (applications: number, computers: number) => {
      const apps = plural(applications, {
        zero: 'no application',
        one: '# application',
        other: '# applications',
      });
      const machines = plural(computers, { zero: 'no computer', one: '# computer', other: '# computers' });
      return `${apps} on ${machines}`;
    },
    marker: (count: string) => `now, ${count}`,
    missing: 'data still missing',
  },
  tasks: {
    title: 'Needs someone',
    none: 'Nothing needs anybody now.',
    noneDetail:
      'Agents that fall silent, records that are refused and rules that do not arrive are listed here.',
  },
  applications: {
    title: 'Applications in use now',
    name: 'Application',
    bar: 'In use by state',
    inUse: 'Open',
    timeout: 'Timeout',
    peak: 'Peak today',
    foot: 'Concurrent use',
    order: 'Most in use first',
    none: 'No metered application is open now.',
    peakMark: 'peak today',
  },
  idle: {
    title: 'Idle holders',
    note: 'longest first',
    who: 'Who',
    where: 'Where',
    since: 'No input for',
    none: 'Every open session is worked in.',
    foot: 'All sessions in Timeout',
    policy: 'Nothing is closed',
  },
  agents: {
    title: 'Agents',
    connected: (total: string) => `of ${total} connected`,
    silent: 'Silent over a day',
    away: 'Away, keeping records',
    neverSeen: 'Enrolled, never seen',
    have: (revision: string) => `Have configuration ${revision}`,
    waiting: 'Oldest record waiting',
    noneWaiting: 'none',
  },
  data: { title: 'Data of today', which: 'Which agents' },
  recent: { title: 'Last changes', none: 'No session changed its state yet today.' },
  wall: 'Wall view',
  leaveWall: 'Leave wall view',
  empty: {
    first: 'First computer',
    minutes: 'About 2 minutes',
    steps: {
      install: 'Install the agent',
      installText:
        'Make a code, then run the command it shows on the computer, in the desktop session to be metered.',
      makeCode: 'Make an enrolment code',
      see: 'See it here',
      seeText:
        'The computer appears by name on this page, with what can be measured on it and what cannot. You need not reload.',
      choose: 'Choose what is metered',
      chooseText: 'Say which programs belong to an application. Agents get the rules within seconds.',
      chooseLink: 'Add an application',
    },
    waiting: 'Waiting for the first agent',
    managerAnswers: 'The Manager answers',
    listening: 'This page listens; the first agent shows without a reload',
  },
} as const;

function workedIn(active: number, open: number): string {
  if (active === 0) return '# sessions are open; nobody works in them now.';
  if (active === open) return 'All # open sessions are worked in.';
  return plural(active, {
    one: `${open.toLocaleString('en-GB')} sessions are open and # of them is worked in.`,
    other: `${open.toLocaleString('en-GB')} sessions are open and # of them are worked in.`,
  });
}

import type { Overview } from '@process-meter/contract';
import { plural } from './plural.ts';

type TaskKind = Overview['tasks'][number]['kind'];

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
    nothing: 'Nothing metered is open.',
    chart: (peak: number, at: string) =>
      plural(peak, {
        zero: 'Open sessions today: none so far',
        one: `Open sessions today, stacked by state: peak # at ${at}`,
        other: `Open sessions today, stacked by state: peak # at ${at}`,
      }),
    marker: (count: string) => `now, ${count}`,
    missing: 'data still missing',
    peak: (count: string, at: string) => `Peak today ${count} at ${at}`,
  },
  tasks: {
    title: 'Needs someone',
    open: (n: number) => plural(n, { zero: 'nothing', one: '# open', other: '# open' }),
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
  data: {
    title: 'Data of today',
    complete: 'All that was expected has arrived.',
    partial: (from: string, to: string, agents: number) =>
      plural(agents, {
        one: `${from} to ${to}: # agent has not sent its records. It keeps them; figures for that time may rise by its sessions.`,
        other: `${from} to ${to}: # agents have not sent their records. They keep them; figures for that time may rise by their sessions.`,
      }),
    unknown: 'No agent was expected to send today.',
    which: 'Which agents',
  },
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
    applications: (n: number) =>
      plural(n, {
        zero: 'No application is metered yet',
        one: '# application is metered',
        other: '# applications are metered',
      }),
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

interface TaskText {
  readonly title: string;
  readonly text: string;
  readonly link: string;
  readonly href: string;
}

/** What a task says and where it is solved. */
export const taskTexts: Record<TaskKind, (count: number, since: string | null) => TaskText> = {
  noApplications: () => ({
    title: 'No application is metered',
    text: 'Agents are ready, but no rule tells them what to meter.',
    link: 'Add an application',
    href: '/administration/applications/new',
  }),
  noAgents: () => ({
    title: 'No agent is enrolled',
    text: 'Nothing can be measured before the first one.',
    link: 'Add an agent',
    href: '/administration/agents#add',
  }),
  agentsSilent: (count, since) => ({
    title: plural(count, { one: '# agent is silent', other: '# agents are silent' }),
    text:
      since === null ? 'Not heard for over a day.' : `Not heard for over a day, the first since ${since}.`,
    link: 'See which',
    href: '/administration/agents?status=silent',
  }),
  agentsBlind: (count) => ({
    title: plural(count, {
      one: 'On # computer not all can be measured',
      other: 'On # computers not all can be measured',
    }),
    text: 'Each says why, and what would help.',
    link: 'See which',
    href: '/administration/agents?status=blind',
  }),
  deadLetters: (count, since) => ({
    title: plural(count, {
      one: '# batch of records was refused',
      other: '# batches of records were refused',
    }),
    text:
      since === null
        ? 'They are kept with the reason, and not counted.'
        : `Since ${since}. They are kept with the reason, and not counted.`,
    link: 'Read the reasons',
    href: '/administration/health',
  }),
  recordsLost: (count, since) => ({
    title: plural(count, { one: '# agent lost records', other: '# agents lost records' }),
    text:
      since === null
        ? 'Figures of that time stay too low.'
        : `Since ${since}. Figures of that time stay too low.`,
    link: 'See which time',
    href: '/administration/agents?status=lost',
  }),
  configurationOld: (count) => ({
    title: plural(count, { one: '# agent has old rules', other: '# agents have old rules' }),
    text: 'They meter by the rules of before until they have been reached.',
    link: 'See which',
    href: '/administration/agents?status=old',
  }),
};

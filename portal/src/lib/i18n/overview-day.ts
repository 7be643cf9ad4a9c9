import type { Overview } from '@process-meter/contract';
import { plural } from './plural.ts';

type TaskKind = Overview['tasks'][number]['kind'];

/** Texts of the Overview that do not change each second. */
export const overviewDay = {
  chart: (peak: number, at: string) =>
    plural(peak, {
      zero: 'Open sessions today: none so far',
      one: `Open sessions today, stacked by state: peak # at ${at}`,
      other: `Open sessions today, stacked by state: peak # at ${at}`,
    }),
  peak: (count: string, at: string) => `Peak today ${count} at ${at}`,
  tasks: (n: number) => plural(n, { zero: 'nothing', one: '# open', other: '# open' }),
  data: {
    complete: 'All that was expected has arrived.',
    partial: (from: string, to: string, agents: number) =>
      plural(agents, {
        one: `${from} to ${to}: # agent has not sent its records. It keeps them; figures for that time may rise by its sessions.`,
        other: `${from} to ${to}: # agents have not sent their records. They keep them; figures for that time may rise by their sessions.`,
      }),
    unknown: 'No agent was expected to send today.',
    share: (text: string) => `${text} complete`,
    none: 'no agent was expected',
  },
  noApplication: 'No application is metered yet',
} as const;

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
    href: '/administration/rejected',
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

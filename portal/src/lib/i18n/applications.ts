import { plural } from './plural.ts';

const count = (value: number): string => value.toLocaleString('en-GB');

/** Texts of the list of applications. */
export const applications = {
  title: 'Applications',
  answer: {
    none: 'No application is metered. Add the first one, and agents begin within seconds.',
    metered: (n: number) =>
      plural(n, { one: '# application is metered.', other: '# applications are metered.' }),
    allHave: (agents: number, revision: number) =>
      plural(agents, {
        zero: 'No agent is enrolled yet.',
        one: `The agent has configuration ${count(revision)}.`,
        other: `All # agents have configuration ${count(revision)}.`,
      }),
    someHave: (have: number, all: number, revision: number) =>
      `${count(have)} of ${count(all)} agents have configuration ${count(revision)}; the others follow when they are reached.`,
  },
  add: 'Add application',
  addTitle: 'Add an application',
  columns: {
    name: 'Application',
    rules: 'Recognised by',
    inactive: 'Inactive after',
    timeout: 'Timeout after',
    open: 'Open now',
    today: 'Sessions in 24 h',
    changed: 'Changed',
  },
  more: (n: number) => plural(n, { one: 'and # more rule', other: 'and # more rules' }),
  declared: (origin: { namespace: string; name: string }) => `Kubernetes: ${origin.namespace}/${origin.name}`,
  empty: 'No application is metered yet.',
  emptyNext: 'Add the first application',
  order: 'By name',
  rollout: 'Who has which configuration',
  rolloutRow: (revision: string) => `Configuration ${revision}`,
  rolloutNone: 'None yet',
  rolloutCurrent: 'current',
  noAgents: 'No agent is enrolled yet.',
  agentsCount: (n: number) => plural(n, { one: '# agent', other: '# agents' }),
  concurrent: 'Concurrent use',
  sessionsLink: 'Sessions',
} as const;

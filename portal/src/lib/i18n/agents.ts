import { plural } from './plural.ts';

const count = (value: number): string => value.toLocaleString('en-GB');

/** Texts of the list of agents. */
export const agents = {
  title: 'Agents',
  answer: {
    none: 'No agent is enrolled. Make a code, run the command on a computer, and it shows here.',
    all: (n: number) => plural(n, { one: 'The agent is connected.', other: 'All # agents are connected.' }),
    connected: (connected: number, all: number) =>
      plural(connected, {
        zero: `None of ${count(all)} agents is connected.`,
        one: `# of ${count(all)} agents is connected.`,
        other: `# of ${count(all)} agents are connected.`,
      }),
    silent: (n: number) =>
      plural(n, { one: '# has been silent for over a day.', other: '# have been silent for over a day.' }),
    blind: (n: number) =>
      plural(n, {
        one: 'On # computer not everything can be measured.',
        other: 'On # computers not everything can be measured.',
      }),
  },
  kinds: {
    all: 'All',
    connected: 'Connected',
    silent: 'Silent',
    away: 'Away',
    blind: 'Not fully measured',
    old: 'Old configuration',
    lost: 'Lost records',
    revoked: 'Revoked',
    neverSeen: 'Never seen',
  },
  columns: {
    computer: 'Computer',
    user: 'User',
    now: 'Open sessions',
    system: 'System',
    can: 'Can be measured',
    version: 'Agent',
    configuration: 'Configuration',
    waiting: 'Records waiting',
    heard: 'Last heard',
    status: 'Status',
  },
  capability: {
    input: {
      name: 'Keyboard and pointer',
      'hook+idle': 'Every second, by two sources.',
      idle: 'By the idle time of the desktop.',
      none: 'Not measurable here.',
    },
    window: { name: 'Focused window', x11: 'By the X server.', none: 'Not measurable here.' },
    documents: {
      name: 'Document names',
      proc: 'By open files and window titles.',
      title: 'By window titles only.',
      none: 'Not measurable here.',
    },
    measured: 'Measured',
    partly: 'Partly',
    not: 'Not measurable',
    unknown: 'Not reported yet',
    unknownText: 'The agent tells this when it starts.',
    reason: 'Why not',
  },
  never: 'never',
  none: 'none',
  noneOpen: 'no session',
  empty: 'No agent of this kind.',
  emptyAll: 'No agent is enrolled yet.',
  order: 'Most pressing first',
  pages: { name: 'Pages', previous: 'Previous', next: 'Next' },
  shown: (shown: number, all: number) => `${count(shown)} of ${count(all)}`,
  find: 'Computer or user',
  add: {
    button: 'Add agents',
    title: 'Add an agent',
    text: 'A code admits one computer. It is shown once; only its hash is kept.',
    label: 'For whom',
    labelHint: 'A note for yourself, such as the computer’s name. May stay empty.',
    hours: 'Valid for',
    hoursUnit: 'hours',
    hoursHint: '1 to 720 hours.',
    submit: 'Make a code',
    ready: 'The code is ready. It is shown only now.',
    until: (when: string) => `Valid until ${when}, for one computer.`,
    command: 'Run this in the desktop session to be metered',
    code: 'Code',
  },
} as const;

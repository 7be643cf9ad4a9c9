import { plural } from './plural.ts';

/** Texts of one agent. */
export const agent = {
  answer: {
    connected: (user: string) => `Connected, in the desktop session of ${user}.`,
    away: (when: string) => `Away since ${when}. It keeps records; its figures arrive when it is back.`,
    silent: (when: string) =>
      `Silent since ${when}. What it recorded since then, if it runs, is not known here.`,
    revoked: 'Revoked. It can no longer send; what it sent before stays in the reports.',
    neverSeen: 'Enrolled, but never heard since. Look at its log on the computer.',
    blind: 'Not everything can be measured here.',
  },
  can: 'What can be measured here',
  agent: 'Agent',
  heard: (when: string) => `heard ${when}`,
  rows: {
    version: 'Version',
    configuration: 'Configuration',
    current: 'current',
    wanted: (revision: string) => `${revision} is wanted`,
    waiting: 'Records waiting',
    oldest: 'Oldest record',
    enrolled: 'Enrolled',
    desktop: 'Desktop',
    system: 'System',
    identity: 'Identity',
    user: 'User',
  },
  gaps: {
    title: 'Records lost',
    none: 'None. Every record this agent made has arrived or waits to be sent.',
    lost: (n: number) => plural(n, { one: '# record', other: '# records' }),
    unknown: 'an unknown number of records',
    reasons: {
      outboxFull: 'Its store was full',
      outboxDamaged: 'Its store was damaged',
      diskFailed: 'Its disk took no more',
      unsendable: 'It could not be sent',
      refused: 'It could not be read here',
    },
    columns: { time: 'Time', lost: 'Lost', reason: 'Reason' },
    effect: 'Figures of that time stay too low.',
  },
  sessions: 'Its sessions',
  open: (n: number) =>
    plural(n, { zero: 'no session open', one: '# session open', other: '# sessions open' }),
  revoke: {
    button: 'Revoke',
    title: (computer: string) => `Revoke the agent on ${computer}?`,
    text: 'It is cut off at once and can no longer send. What it has not sent yet is lost. To meter this computer again, enrol it with a new code.',
    confirm: 'Revoke the agent',
    done: 'The agent was revoked.',
  },
} as const;

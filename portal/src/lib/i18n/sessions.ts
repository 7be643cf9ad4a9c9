import { plural } from './plural.ts';

const count = (value: number): string => value.toLocaleString('en-GB');

/** Texts of the list of sessions. */
export const sessions = {
  title: 'Sessions',
  answer: {
    none: 'No session matches in this time.',
    unknown: 'No agent was measuring in this time, so it is not known what was open.',
    found: (total: number, open: string, active: string) =>
      plural(total, {
        one: `# session, open for ${open}, worked in for ${active}.`,
        other: `# sessions, open for ${open} together, worked in for ${active}.`,
      }),
  },
  partial: (share: string) =>
    `${share} of this time is known so far; sessions may be added and times may grow.`,
  filters: {
    app: 'Application',
    user: 'User',
    computer: 'Computer',
    state: 'State now',
    session: 'Session',
    at: 'Open at',
  },
  any: 'Any',
  clear: 'Clear',
  remove: (filter: string) => `Remove the filter ${filter}`,
  sessionHint: 'Reference of a session, or its beginning',
  columns: {
    started: 'Started',
    user: 'User',
    application: 'Application',
    computer: 'Computer',
    open: 'Open',
    active: 'Active',
    inactive: 'Inactive',
    timeout: 'Timeout',
    bar: 'By state',
    state: 'Now, or ended',
    documents: 'Documents',
  },
  ended: (cause: string) => `Ended: ${cause}`,
  page: (from: number, to: number, total: number) => `${count(from)} to ${count(to)} of ${count(total)}`,
  empty: 'No session matches.',
  emptyUnmeasured: 'No agent was expected to measure in this time.',
  emptyNext: 'Clear the filters',
  emptyRange: 'Show 90 days',
  sortBy: (column: string) => `Sort by ${column.toLowerCase()}`,
  stillOpen: 'still open',
  totals: 'All that match',
  pages: 'Pages',
} as const;

import { plural } from './plural.ts';

/** Texts of the palette and the list of keys, loaded when they are first asked for. */
export const shell = {
  keyboard: {
    title: 'Keyboard',
    off: 'Single letters act',
    groups: [
      {
        name: 'Go to',
        keys: [
          { keys: ['g', 'o'], does: 'Overview' },
          { keys: ['g', 'u'], does: 'Concurrent use' },
          { keys: ['g', 's'], does: 'Sessions' },
          { keys: ['g', 'a'], does: 'Administration' },
          { keys: ['Ctrl', 'K'], does: 'Search or jump to' },
        ],
      },
      {
        name: 'On a page',
        keys: [
          { keys: ['/'], does: 'First filter' },
          { keys: ['e'], does: 'Export' },
          { keys: ['w'], does: 'Wall view (Overview)' },
          { keys: ['?'], does: 'This list' },
          { keys: ['Esc'], does: 'Close, zoom out, clear choice' },
        ],
      },
      {
        name: 'In a chart or time line',
        keys: [
          { keys: ['←', '→'], does: 'Next step or change' },
          { keys: ['↑', '↓'], does: 'Next lane' },
          { keys: ['+', '−', '0'], does: 'Zoom in, out, full range' },
          { keys: ['[', ']'], does: 'Earlier, later by one range' },
          { keys: ['t'], does: 'Chart, table, both' },
          { keys: ['Enter'], does: 'Open the sessions of that minute' },
        ],
      },
    ],
  },
  palette: {
    label: 'Search or jump to',
    placeholder: 'Page, application or agent',
    groups: { pages: 'Pages', applications: 'Applications', agents: 'Agents' },
    none: (text: string) => `Nothing is named like “${text}”.`,
    loading: 'Looking up applications and agents',
    concurrentUseOf: (name: string) => `Concurrent use of ${name}`,
    openNow: (n: number) => plural(n, { zero: 'none open', one: '# open', other: '# open' }),
  },
} as const;

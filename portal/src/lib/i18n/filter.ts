/** Texts of a filter. */
export const filter = {
  any: 'Any',
  find: (label: string) => `Find ${label.toLowerCase()}`,
  noneLike: (text: string) => `Nothing is named like “${text}”.`,
  exactly: (text: string) => `Exactly “${text}”`,
  empty: 'Nothing to choose from in this time.',
  show: 'Show',
  clear: 'Clear',
  remove: (label: string) => `Remove the filter ${label}`,
} as const;

/** What is stored of titles and folders, in words. */
export const privacy = {
  keep: 'Kept',
  baseName: 'Last part only',
  hash: 'As a keyed hash',
  drop: 'Not stored',
} as const;

/** Texts of what was typed into a form and not saved. */
export const draft = {
  restored: 'What you typed here before and did not save is back.',
  changed:
    'What you typed here before is back, but meanwhile somebody saved a change. Saving replaces that change.',
  discard: 'Discard it',
} as const;

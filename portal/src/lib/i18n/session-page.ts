/** Texts of the page of one session that do not depend on its figures. */
export const sessionPage = {
  previous: 'Previous session of this user in this application',
  next: 'Next session of this user in this application',
  timeline: 'Time line',
  timelineHelp: 'Time line: left and right walk the changes, up and down the documents.',
  busy: 'busy: no input, processor at work',
  keys: { change: 'change', document: 'document' },
  forHow: (how: string) => `for ${how}`,
  choose: 'Choose a change in the list or the time line to read why it happened.',
  changes: {
    title: 'Changes and their causes',
    at: 'At',
    document: 'Document',
    change: 'Change',
    cause: 'Cause',
    lasted: 'Then for',
    opened: 'opened',
    closed: 'closed',
  },
  documents: { title: 'Documents', name: 'Document' },
} as const;

import { plural } from './plural.ts';

const count = (value: number): string => value.toLocaleString('en-GB');

/** Texts of Health. */
export const health = {
  title: 'Health',
  answer: {
    none: 'Every batch of records was accepted.',
    refused: (n: number) =>
      plural(n, {
        one: '# batch of records was refused. It is kept with its reason and not counted.',
        other: '# batches of records were refused. They are kept with their reasons and not counted.',
      }),
  },
  letters: 'Refused batches',
  newest: 'Newest first',
  columns: { at: 'Received', agent: 'From', code: 'Code', reason: 'Reason', size: 'Size' },
  unknownAgent: 'unknown sender',
  empty: 'No batch was refused.',
  emptyDetail: 'A batch that is forged, damaged or from an agent that is not enrolled would be listed here.',
  shown: (shown: number, all: number) => `${count(shown)} of ${count(all)}`,
} as const;

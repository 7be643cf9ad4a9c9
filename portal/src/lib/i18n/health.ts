import { plural } from './plural.ts';

const count = (value: number): string => value.toLocaleString('en-GB');

/** Texts of Health. */
export const health = {
  title: 'Health',
  answer: {
    away: 'The message servers do not answer: agents keep what they record and send it later.',
    behind: 'The message servers are nearly full of records that are not stored yet.',
    waiting: (n: number) =>
      plural(n, {
        one: '# batch of records waits to be stored.',
        other: '# batches of records wait to be stored.',
      }),
    none: 'Every batch of records was accepted.',
    refused: (n: number) =>
      plural(n, {
        one: '# batch of records was refused. It is kept with its reason and not counted.',
        other: '# batches of records were refused. They are kept with their reasons and not counted.',
      }),
  },
  stream: {
    title: 'Queue',
    awayTitle: 'The message servers do not answer.',
    awayText: 'Nothing is lost: agents keep what they record and send it when they can.',
    behindTitle: 'Records are not stored as fast as they come.',
    behindText:
      'When the room is taken, agents keep what they record. Look whether Ingest and the database run.',
    waiting: 'Waiting to be stored',
    waitingWhy: 'Batches of records that are not in the database yet',
    room: 'Room taken',
    ofRoom: (room: string) => `of ${room}`,
    roomWhy: (share: string) => `${share}; above 80%, the oldest that is stored makes room`,
    kept: 'Kept since',
    keptWhy: 'What a restored database gets again',
    nothingKept: 'nothing yet',
  },
  letters: 'Refused batches',
  newest: 'Newest first',
  columns: { at: 'Received', agent: 'From', code: 'Code', reason: 'Reason', size: 'Size' },
  unknownAgent: 'unknown sender',
  empty: 'No batch was refused.',
  emptyDetail: 'A batch that is forged, damaged or from an agent that is not enrolled would be listed here.',
  shown: (shown: number, all: number) => `${count(shown)} of ${count(all)}`,
} as const;

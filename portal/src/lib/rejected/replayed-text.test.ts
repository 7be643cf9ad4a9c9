import { expect, test } from 'vitest';
import { replayedText } from './replayed-text.ts';

const none = { replayed: 0, refused: 0, records: 0, duplicates: 0, left: 0, refusal: null };

test('a replay says what was counted, what was there, what failed why, and what is left', () => {
  expect(replayedText({ ...none, replayed: 2, records: 1500, duplicates: 1 })).toEqual([
    '2 batches were replayed: 1,500 records are counted now.',
    '1 record was there already.',
  ]);
  const refusal = { code: 'PM-6008', reason: 'The application is not of this account.' };
  expect(replayedText({ ...none, refused: 1, left: 3, refusal })).toEqual([
    '1 was refused again: The application is not of this account. (PM-6008)',
    '3 are left; replay again.',
  ]);
  expect(replayedText(none)).toEqual(['Nothing of that kind waits any more.']);
});

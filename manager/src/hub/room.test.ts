import fc from 'fast-check';
import { expect, test } from 'vitest';
import { firstKept, toldRoom, type StreamRoom } from './room.ts';

const room = (over: Partial<StreamRoom>): StreamRoom => ({
  bytes: 900,
  maxBytes: 1000,
  firstSeq: 101,
  lastSeq: 200,
  storedSeq: 200,
  ...over,
});

test('a stream with room keeps everything, and so does one without a limit', () => {
  expect(firstKept(room({ bytes: 799 }))).toBeNull();
  expect(firstKept(room({ maxBytes: -1 }))).toBeNull();
});

test('a third of a stream that is nine tenths full goes: six tenths of its room stay', () => {
  expect(firstKept(room({}))).toBe(101 + 34);
});

test('what is not stored stays, whatever room it takes', () => {
  expect(firstKept(room({ storedSeq: 110 }))).toBe(111);
  expect(firstKept(room({ storedSeq: 100 }))).toBeNull();
  expect(firstKept(room({ storedSeq: 0 }))).toBeNull();
});

test('people are told what waits, since when it is kept, and that it is behind', () => {
  expect(toldRoom(room({ storedSeq: 190 }), 7)).toEqual({
    bytes: 900,
    maxBytes: 1000,
    waiting: 10,
    oldestAt: 7,
    behind: false,
  });
  expect(toldRoom(room({ storedSeq: 0 }), 7)).toMatchObject({ waiting: 100, behind: true });
  expect(toldRoom(room({ bytes: 799, storedSeq: 0 }), 7).behind).toBe(false);
  expect(toldRoom(room({ bytes: 0, firstSeq: 201, storedSeq: 150 }), 7)).toMatchObject({
    waiting: 0,
    oldestAt: null,
  });
  // A stream that was made anew begins before what its consumer had.
  expect(toldRoom(room({ storedSeq: 500 }), 7).waiting).toBe(0);
});

test('nothing goes that is not stored, and never more than there is', () => {
  const rooms = fc.record({
    bytes: fc.nat(10_000),
    maxBytes: fc.integer({ min: 1, max: 10_000 }),
    firstSeq: fc.integer({ min: 1, max: 1000 }),
    lastSeq: fc.integer({ min: 1, max: 3000 }),
    storedSeq: fc.nat(3000),
  });
  fc.assert(
    fc.property(rooms, (given) => {
      const it = { ...given, lastSeq: Math.max(given.lastSeq, given.firstSeq) };
      const first = firstKept(it);
      if (first === null) return;
      expect(first).toBeGreaterThan(it.firstSeq);
      expect(first).toBeLessThanOrEqual(it.storedSeq + 1);
      expect(first).toBeLessThanOrEqual(it.lastSeq + 1);
    }),
  );
});

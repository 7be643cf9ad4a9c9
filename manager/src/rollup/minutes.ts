import { MINUTES_PER_QUARTER } from './quarter.ts';

/** Instances per minute of one quarter, by the most active state each had in the minute: 15 values each. */
export interface MinuteCounts {
  active: number[];
  inactive: number[];
  timeout: number[];
}

const STATES = 3;
const MAX_COUNT = 32_767;

/** 45 counts as 90 bytes: active, inactive, timeout, 15 big-endian int2 each. Counts above 32,767 are stored as that. */
export function encodeMinutes(counts: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(STATES * MINUTES_PER_QUARTER * 2);
  for (let i = 0; i < STATES * MINUTES_PER_QUARTER; i += 1) {
    bytes.writeInt16BE(Math.min(counts[i] ?? 0, MAX_COUNT), i * 2);
  }
  return bytes;
}

/** Inverse of {@link encodeMinutes}. Throws on a buffer of another length. */
export function decodeMinutes(bytes: Buffer): MinuteCounts {
  if (bytes.length !== STATES * MINUTES_PER_QUARTER * 2)
    throw new Error(`minutes take 90 bytes, not ${bytes.length}`);
  const state = (index: number): number[] =>
    Array.from({ length: MINUTES_PER_QUARTER }, (_, i) =>
      bytes.readInt16BE((index * MINUTES_PER_QUARTER + i) * 2),
    );
  return { active: state(0), inactive: state(1), timeout: state(2) };
}

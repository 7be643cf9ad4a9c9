import { MINUTES_PER_QUARTER } from './quarter.ts';

/** A figure per minute of one quarter and state: 15 values each. */
export interface MinuteCounts {
  active: number[];
  inactive: number[];
  timeout: number[];
}

const STATES = 3;
const VALUES = STATES * MINUTES_PER_QUARTER;
/** Length of {@link encodeMinutes}, and of {@link encodeMinuteTimes}. */
export const MINUTES_BYTES = VALUES * 2;
export const MINUTE_TIMES_BYTES = VALUES * 4;
const MAX_COUNT = 32_767;
const MAX_MS = 2 ** 32 - 1;

/**
 * Instances per minute, each under the most active state it had in the minute: 45 counts as 90 bytes: active, inactive,
 * timeout, 15 big-endian int2 each. Counts above 32,767 are stored as that.
 */
export function encodeMinutes(counts: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(MINUTES_BYTES);
  for (let i = 0; i < VALUES; i += 1) bytes.writeInt16BE(Math.min(counts[i] ?? 0, MAX_COUNT), i * 2);
  return bytes;
}

/** Inverse of {@link encodeMinutes}. Throws on a buffer of another length. */
export function decodeMinutes(bytes: Buffer): MinuteCounts {
  if (bytes.length !== MINUTES_BYTES) throw new Error(`minutes take 90 bytes, not ${bytes.length}`);
  return byState((i) => bytes.readInt16BE(i * 2));
}

/** Ms per minute and state, over all instances: 45 values as 180 bytes, in the order of {@link encodeMinutes}. */
export function encodeMinuteTimes(ms: ArrayLike<number>): Buffer {
  const bytes = Buffer.alloc(MINUTE_TIMES_BYTES);
  for (let i = 0; i < VALUES; i += 1) bytes.writeUInt32BE(Math.min(ms[i] ?? 0, MAX_MS), i * 4);
  return bytes;
}

/** Inverse of {@link encodeMinuteTimes}. Throws on a buffer of another length. */
export function decodeMinuteTimes(bytes: Buffer): MinuteCounts {
  if (bytes.length !== MINUTE_TIMES_BYTES)
    throw new Error(`times of minutes take 180 bytes, not ${bytes.length}`);
  return byState((i) => bytes.readUInt32BE(i * 4));
}

function byState(value: (index: number) => number): MinuteCounts {
  const state = (index: number): number[] =>
    Array.from({ length: MINUTES_PER_QUARTER }, (_, i) => value(index * MINUTES_PER_QUARTER + i));
  return { active: state(0), inactive: state(1), timeout: state(2) };
}

/** A figure of one minute, by state. */
export interface AtMinute {
  active: number;
  inactive: number;
  timeout: number;
}

/** Instances of one minute from {@link encodeMinutes}, without unpacking the others. @param minute 0 to 14 */
export const minuteCounts = (bytes: Buffer, minute: number): AtMinute => ({
  active: bytes.readInt16BE(minute * 2),
  inactive: bytes.readInt16BE((MINUTES_PER_QUARTER + minute) * 2),
  timeout: bytes.readInt16BE((2 * MINUTES_PER_QUARTER + minute) * 2),
});

/** Ms of one minute from {@link encodeMinuteTimes}, without unpacking the others. @param minute 0 to 14 */
export const minuteTimes = (bytes: Buffer, minute: number): AtMinute => ({
  active: bytes.readUInt32BE(minute * 4),
  inactive: bytes.readUInt32BE((MINUTES_PER_QUARTER + minute) * 4),
  timeout: bytes.readUInt32BE((2 * MINUTES_PER_QUARTER + minute) * 4),
});

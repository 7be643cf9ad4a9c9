import { z } from 'zod';

/**
 * An outbox counts its records through from one start of the computer to the next, but names them to the Manager by
 * epoch, each of which counts from 1. So two copies of one outbox never give the same name to different records.
 */
export interface Epoch {
  epoch: number;
  /** What is subtracted from a place in the outbox to have the sequence within the epoch. */
  base: number;
}
type Ranges = readonly (readonly [number, number])[];

const epochsSchema = z.array(z.object({ epoch: z.number(), base: z.number() }));
/** Older ones are forgotten; their records would have been given up long before. */
const MOST_EPOCHS = 1000;

export function parseEpochs(text: string | null): Epoch[] {
  return text === null ? [] : epochsSchema.parse(JSON.parse(text));
}

/** The epochs with one more, which begins after the given place. */
export function withEpoch(epochs: readonly Epoch[], epoch: number, after: number): Epoch[] {
  // An epoch in which nothing was recorded was never named.
  const used = epochs.filter(({ base }) => base < after);
  return [...used, { epoch, base: after }].slice(-MOST_EPOCHS);
}

/** The epoch a place belongs to. @param epochs in order; not empty */
export function epochAt(epochs: readonly Epoch[], place: number): Epoch {
  return epochs.findLast(({ base }) => base < place) ?? epochs[0] ?? { epoch: 0, base: 0 };
}

/** Sequences of an epoch as places in the outbox; nothing of an epoch that is not its own. */
export function placesOf(epochs: readonly Epoch[], epoch: number, ranges: Ranges): [number, number][] {
  const index = epochs.findIndex((known) => known.epoch === epoch);
  const own = epochs[index];
  if (own === undefined) return [];
  const end = epochs[index + 1]?.base ?? Number.MAX_SAFE_INTEGER;
  return ranges
    .map(([from, to]): [number, number] => [from + own.base, Math.min(end, to + own.base)])
    .filter(([from, to]) => from <= to);
}

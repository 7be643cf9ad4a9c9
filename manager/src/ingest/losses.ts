import { BATCH_MAX_RECORDS, HEADER, type Batch } from '@process-meter/contract';
import { earliestInstant, latestInstant, type Incoming } from './accept.ts';
import type { Range } from './seen-ranges.ts';
import type { Sender } from './sender.ts';

/** Records that are lost, as the agent tells it or as ingest finds it. */
export interface Loss {
  sender: Sender;
  epoch: number;
  from: number;
  to: number;
  /** How many; -1 when unknown. */
  lost: number;
  reason: string;
  /** The sequences among which the lost ones are; null when they had none. Those that are seen are not lost. */
  seqs: Range | null;
}

/**
 * A batch of an agent's own that cannot be used. Where it ends is not known: it is taken for as long as a batch may be,
 * and what comes of it in another batch is seen and no longer missing.
 */
export function lossOfBatch(
  { message, streamAt }: { message: Incoming; streamAt: Date },
  sender: Sender,
): Loss[] {
  const [epoch, first] = [HEADER.epoch, HEADER.seq].map((name) => Number(message.header(name)));
  if (!isPositive(epoch) || !isPositive(first)) return [];
  const at = streamAt.getTime();
  const seqs: Range = [first, first + BATCH_MAX_RECORDS - 1];
  return [{ sender, epoch, from: at, to: at, lost: -1, reason: 'refused', seqs }];
}

const isPositive = (value: number | undefined): value is number =>
  value !== undefined && Number.isSafeInteger(value) && value > 0 && value < Number.MAX_SAFE_INTEGER / 2;

/** A batch that was read and lies in a dead letter: its records are missing until it is replayed. */
export function lossOfParked(batch: Batch, sender: Sender): Loss[] {
  if (batch.count === 0) return [];
  const { epoch, firstSeq, count } = batch;
  const [from, to] = [earliestInstant(batch), latestInstant(batch)];
  return [
    { sender, epoch, from, to, lost: count, reason: 'refused', seqs: [firstSeq, firstSeq + count - 1] },
  ];
}

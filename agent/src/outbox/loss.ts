import { EARLIEST_INSTANT_MS, LATEST_INSTANT_MS, type GapRecord } from '@process-meter/contract';
import { z } from 'zod';
import type { RecordDraft } from '../session/sample.ts';

/** Records that were given up and that no gap record counts yet. */
export interface Loss {
  /** How many; -1 when unknown. */
  count: number;
  /** Instants of the earliest and the latest, ms UTC. */
  from: number;
  to: number;
  reason: GapRecord['reason'];
  /** Sequences among which they are; null when they were given none. */
  seqs: [number, number] | null;
}

const gapSchema = z.object({
  kind: z.literal('gap'),
  from: z.number(),
  to: z.number(),
  lost: z.number(),
  reason: z.enum(['outboxFull', 'outboxDamaged', 'diskFailed', 'unsendable']),
  seqs: z.tuple([z.number(), z.number()]).nullable().default(null),
});

/** What is lost with a stored record: itself, and where it is a gap record, all that it counted. */
export function lossOf(row: Record<string, unknown>, reason: Loss['reason']): Loss {
  const seq = Number(row['seq']);
  const at = Number(row['at']);
  const record: unknown = JSON.parse(String(row['body']));
  const gap = gapSchema.safeParse(record).data;
  const own: Loss = { count: 1, from: at, to: at, reason, seqs: [seq, seq] };
  if (gap === undefined) return own;
  return { ...own, count: gap.lost, from: gap.from, to: gap.to, seqs: joined(gap.seqs, own.seqs) };
}

/** Two losses as one. What lies between their sequences was sent before it was given up, or is lost as well. */
export function addLoss(lost: Loss | null, more: Loss): Loss {
  if (lost === null) return more;
  return {
    count: lost.count < 0 || more.count < 0 ? -1 : lost.count + more.count,
    from: Math.min(lost.from, more.from),
    to: Math.max(lost.to, more.to),
    reason: more.reason,
    seqs: joined(lost.seqs, more.seqs),
  };
}

function joined(a: Loss['seqs'], b: Loss['seqs']): Loss['seqs'] {
  if (a === null || b === null) return a ?? b;
  return [Math.min(a[0], b[0]), Math.max(a[1], b[1])];
}

/** The record that tells the Manager. It can always be sent: its instants are such as the Manager takes. */
export function gapOf(loss: Loss): RecordDraft {
  const from = plausible(loss.from);
  const to = Math.max(from, plausible(loss.to));
  return { kind: 'gap', from, to, lost: loss.count, reason: loss.reason, seqs: loss.seqs };
}

const plausible = (at: number): number => Math.min(LATEST_INSTANT_MS, Math.max(EARLIEST_INSTANT_MS, at));

import { ERROR_CODES, errorCode, parseSubject, type Batch, type ErrorName } from '@process-meter/contract';
import { earliestInstant, type Accepted, type Incoming, type Refusal } from './accept.ts';
import type { Directory } from './directory.ts';
import { Flush, type DeadLetter } from './flush.ts';
import { lossOfBatch, lossOfParked } from './losses.ts';
import type { Sender } from './sender.ts';
import type { KnownAgent } from './store.ts';

/**
 * What is older than this comes from a clock that was wrong, not from a desktop that was away. Weekly partitions begin at
 * the same age.
 */
export const OLDEST_MS = 400 * 86_400_000;

/** A message with the decision on it, waiting for its flush. */
export interface Judged {
  message: Incoming;
  streamSeq: number;
  streamAt: Date;
  headers: Record<string, string>;
  accepted: Accepted;
}

/**
 * Turns judged messages into one flush, in their order: looks up senders, applications and seen ranges in bulk, keeps
 * what cannot be used as dead letters. Every message ends in the flush, one way or the other.
 */
export async function buildFlush(
  messages: readonly Judged[],
  directory: Directory,
  now: number,
): Promise<Flush> {
  const flush = new Flush();
  await directory.agents(
    messages.flatMap(({ message }) => parseSubject(message.subject)?.agent ?? []),
    now,
  );
  await directory.loadRanges(
    messages.flatMap((judged) => {
      const batch = batchOf(judged);
      const agent = batch === null ? null : directory.agent(batch.agent);
      return batch === null || agent === null ? [] : [{ agent: agent.id, epoch: batch.epoch }];
    }),
  );
  for (const judged of messages) await addMessage(flush, judged, directory, now);
  return flush;
}

async function addMessage(flush: Flush, judged: Judged, directory: Directory, now: number): Promise<void> {
  const known = directory.agent(parseSubject(judged.message.subject)?.agent ?? '');
  const batch = batchOf(judged);
  if (batch === null || known === null) {
    addUnusable(flush, judged, known);
    return;
  }
  const sender = senderOf(known);
  const ranges = directory.ranges(known.id, batch.epoch);
  const trouble = await troubleWith(batch, known, directory, now);
  if (trouble === null) {
    directory.setRanges(known.id, batch.epoch, flush.addBatch(batch, sender, ranges));
    return;
  }
  flush.deadLetters.push(letterOf(judged, sender, trouble));
  if (known.revoked) return;
  // Kept here as a dead letter, so the agent may let go of it; until it is replayed, its records are missing.
  directory.setRanges(known.id, batch.epoch, flush.park(batch, sender, ranges));
  flush.losses.push(...lossOfParked(batch, sender));
}

/** A message that no batch came out of, or of an agent that is not known: a revoked one is told nothing. */
function addUnusable(flush: Flush, judged: Judged, known: KnownAgent | null): void {
  const verified = judged.accepted.ok ? null : senderIfVerified(judged, known);
  flush.deadLetters.push(letterOf(judged, verified));
  if (verified !== null && known?.revoked === false) flush.losses.push(...lossOfBatch(judged, verified));
}

async function troubleWith(
  batch: Batch,
  known: KnownAgent,
  directory: Directory,
  now: number,
): Promise<ErrorName | null> {
  if (known.revoked) return 'recordRevokedAgent';
  if (known.accountName !== batch.account) return 'recordWrongAddress';
  if (earliestInstant(batch) < now - OLDEST_MS) return 'recordPast';
  const applications = new Set(batch.segments.application);
  for (const record of batch.others) if (record.kind === 'session') applications.add(record.application);
  for (const document of batch.open?.documents ?? []) applications.add(document.application);
  return (await directory.owns(known.account, applications, now)) ? null : 'recordUnknownApplication';
}

const batchOf = (judged: Judged): Batch | null => (judged.accepted.ok ? judged.accepted.batch : null);

const senderOf = (known: KnownAgent): Sender => ({
  agent: known.id,
  account: known.account,
  agentName: known.name,
  accountName: known.accountName,
});

/** A forged message is never attributed to the agent whose subject it came in on. */
function senderIfVerified(judged: Judged, known: KnownAgent | null): Sender | null {
  const forged = !judged.accepted.ok && judged.accepted.refusal.code === errorCode('recordForged');
  return forged || known === null ? null : senderOf(known);
}

function letterOf(judged: Judged, sender: Sender | null, trouble?: ErrorName): DeadLetter {
  const refusal = judged.accepted.ok
    ? namedRefusal(trouble ?? 'recordUnknownAgent')
    : judged.accepted.refusal;
  return {
    sender,
    subject: storable(judged.message.subject),
    streamSeq: judged.streamSeq,
    streamAt: judged.streamAt,
    code: refusal.code,
    reason: storable(refusal.reason),
    headers: Object.fromEntries(
      Object.entries(judged.headers).map(([name, value]) => [storable(name), storable(value)]),
    ),
    body: judged.message.body,
  };
}

/** Subject and headers are the sender's: a NUL in one of them would make PostgreSQL refuse the whole flush. */
const storable = (text: string): string => text.replaceAll('\0', '\u{fffd}').slice(0, 2000);

function namedRefusal(name: ErrorName): Refusal {
  const code = errorCode(name);
  return { code, reason: ERROR_CODES[code].text };
}

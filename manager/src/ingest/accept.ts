import type { KeyObject } from 'node:crypto';
import {
  AppError,
  decodeBatch,
  deriveAgentKey,
  HEADER,
  macKey,
  macKeyId,
  macVerifies,
  parseSubject,
  type Batch,
  type ErrorCode,
} from '@process-meter/contract';

/** A message as it came, without its transport. */
export interface Incoming {
  subject: string;
  body: Uint8Array;
  header: (name: string) => string | undefined;
}

export interface Refusal {
  code: ErrorCode;
  reason: string;
}

/** What is known of the sender of a batch that cannot be used but whose MAC verified. */
export type Accepted = { ok: true; batch: Batch } | { ok: false; refusal: Refusal };

/** An agent's clock may run ahead by this much. */
const FUTURE_TOLERANCE_MS = 600_000;

/**
 * Decides on one message: the MAC is verified before anything is unpacked, so a stranger's bytes are never parsed
 * (nats-rights.md §2). Keys are derived once per agent.
 */
export function createAcceptor(
  masters: ReadonlyMap<string, Uint8Array>,
): (message: Incoming, now: number) => Accepted {
  const keys = new Map<string, KeyObject>();
  const keyOf = (kid: string, agent: string): KeyObject | undefined => {
    const master = masters.get(kid);
    if (master === undefined) return undefined;
    const name = `${kid}/${agent}`;
    const known = keys.get(name) ?? macKey(deriveAgentKey(master, kid, agent));
    keys.set(name, known);
    return known;
  };
  return (message, now) => {
    try {
      return { ok: true, batch: accept(message, keyOf, now) };
    } catch (error) {
      // What decoding did not foresee is the fault of this one message: it must not come back for ever.
      const { code, message: reason } =
        error instanceof AppError ? error : new AppError('recordMalformed', undefined, { cause: error });
      return { ok: false, refusal: { code, reason } };
    }
  };
}

function accept(
  message: Incoming,
  keyOf: (kid: string, agent: string) => KeyObject | undefined,
  now: number,
): Batch {
  const address = parseSubject(message.subject);
  if (address === undefined) throw new AppError('recordWrongAddress');
  verify(message, address.agent, keyOf);
  const batch = decodeBatch(message.body, message.header(HEADER.encoding));
  if (batch.agent !== address.agent || batch.account !== address.account)
    throw new AppError('recordWrongAddress');
  if (
    batch.epoch !== Number(message.header(HEADER.epoch)) ||
    batch.firstSeq !== Number(message.header(HEADER.seq))
  ) {
    throw new AppError('recordMalformed', 'headers and body tell different sequences');
  }
  if (latestInstant(batch) > now + FUTURE_TOLERANCE_MS) throw new AppError('recordFuture');
  return batch;
}

function verify(
  message: Incoming,
  agent: string,
  keyOf: (kid: string, agent: string) => KeyObject | undefined,
): void {
  const header = message.header(HEADER.mac);
  const kid = macKeyId(header);
  const key = kid === undefined ? undefined : keyOf(kid, agent);
  const epoch = Number(message.header(HEADER.epoch));
  const seq = Number(message.header(HEADER.seq));
  const input = { subject: message.subject, epoch, seq, body: message.body };
  if (key === undefined || header === undefined || !macVerifies(key, header, input))
    throw new AppError('recordForged');
}

/** The earliest instant a record of the batch lies at; Infinity when it has none. */
export function earliestInstant(batch: Batch): number {
  let earliest = Infinity;
  for (const started of batch.segments.started) earliest = Math.min(earliest, started);
  for (const record of batch.others) earliest = Math.min(earliest, earliestOf(record));
  return earliest;
}

/** A session or a document may have been open for long; what is new of it is its end. */
function earliestOf(record: Batch['others'][number]): number {
  return record.kind === 'coverage' || record.kind === 'gap' ? record.from : latestOf(record);
}

/** The latest instant a batch claims to know of. */
export function latestInstant(batch: Batch): number {
  let latest = latestOfSnapshot(batch.open);
  for (const ended of batch.segments.ended) latest = Math.max(latest, ended);
  for (const record of batch.others) latest = Math.max(latest, latestOf(record));
  return latest;
}

function latestOfSnapshot(open: Batch['open']): number {
  if (open === null) return 0;
  let latest = Math.max(open.asOf, open.watchedFrom ?? 0);
  for (const document of open.documents) latest = Math.max(latest, document.since);
  return latest;
}

function latestOf(record: Batch['others'][number]): number {
  switch (record.kind) {
    case 'coverage':
    case 'gap':
      return record.to;
    case 'session':
      return record.ended ?? record.started;
    case 'document':
      return record.closed ?? record.opened;
    case 'capability':
      return record.at;
  }
}

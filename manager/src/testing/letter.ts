import { deriveAgentKey, encodeBatch, HEADER, macHeader, recordSubject } from '@process-meter/contract';
import type { StoredMessage } from '../ingest/replay.ts';
import type { FedBatch } from './feed.ts';

/** A batch as a dead letter holds it, signed with the key that follows from the master. */
export function storedLetter(
  batch: FedBatch,
  { kid, master }: { kid: string; master: Buffer },
): StoredMessage {
  const { account, agent, epoch } = batch;
  const subject = recordSubject(account, agent);
  const { body, encoding } = encodeBatch({ sentAt: Date.now(), ...batch });
  const seq = batch.records[0]?.seq ?? 0;
  const headers = {
    [HEADER.mac]: macHeader(deriveAgentKey(master, kid, agent), kid, { subject, epoch, seq, body }),
    [HEADER.epoch]: String(epoch),
    [HEADER.seq]: String(seq),
    [HEADER.encoding]: encoding,
  };
  return { subject, streamSeq: 1, streamAt: new Date(), headers, body };
}

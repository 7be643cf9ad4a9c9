import type { Pool } from 'pg';
import {
  decodeBatch,
  encodeBatch,
  recordSubject,
  type AgentRecord,
  type OpenSnapshot,
} from '@process-meter/contract';
import { Directory } from '../ingest/directory.ts';
import { createPartitions } from '../ingest/partition-store.ts';
import { Pipeline } from '../ingest/pipeline.ts';

export interface FedBatch {
  account: string;
  agent: string;
  epoch: number;
  records: readonly AgentRecord[];
  open: OpenSnapshot | null;
}

/** Commits a batch as an ingest process does, without NATS; comes again until it is committed. */
export type Feed = (batch: FedBatch) => Promise<void>;

export function ingestFeed(pool: Pool): Feed {
  let failure: unknown;
  const pipeline = new Pipeline({
    pool,
    directory: new Directory(pool),
    partitions: createPartitions(pool),
    now: Date.now,
    onCommitted: () => undefined,
    onFailed: (error) => (failure = error),
  });
  let streamSeq = 0;
  const once = async ({ account, agent, ...batch }: FedBatch): Promise<boolean> => {
    const { body, encoding } = encodeBatch({ account, agent, sentAt: Date.now(), ...batch });
    streamSeq += 1;
    return new Promise((resolve) => {
      void pipeline.submit([
        {
          message: { subject: recordSubject(account, agent), body, header: () => undefined },
          accepted: { ok: true, batch: decodeBatch(body, encoding) },
          streamSeq,
          streamAt: new Date(),
          headers: {},
          ack: () => resolve(true),
          retry: () => resolve(false),
        },
      ]);
    });
  };
  return async (batch) => {
    for (let attempt = 0; !(await once(batch)); attempt += 1) if (attempt === 50) throw failure;
  };
}

import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { INGEST_CONSUMER, STREAM_RECORDS } from '@process-meter/contract';
import type { Log } from '../log.ts';

/** Of its room: more than this is too full, and then so much stays. */
const FULL = 0.8;
const KEPT = 0.6;

/** A stream as the server tells it, and what ingest has of it. */
export interface StreamRoom {
  bytes: number;
  maxBytes: number;
  firstSeq: number;
  lastSeq: number;
  /** Everything up to this sequence is stored in the database. */
  storedSeq: number;
}

/**
 * A full stream refuses what agents send, so what is stored in the database already makes room, the oldest first. What is not
 * stored yet never goes.
 * @returns the first sequence that stays; null while there is room, or nothing may go
 */
export function firstKept({ bytes, maxBytes, firstSeq, lastSeq, storedSeq }: StreamRoom): number | null {
  if (maxBytes <= 0 || bytes < FULL * maxBytes) return null;
  const surplus = 1 - (KEPT * maxBytes) / bytes;
  const wanted = firstSeq + Math.ceil((lastSeq - firstSeq + 1) * surplus);
  const first = Math.min(wanted, storedSeq + 1);
  return first > firstSeq ? first : null;
}

/** Makes room in the stream of records where it needs some. @returns how many messages went */
export async function keepRoom(manager: JetStreamManager, log: Log): Promise<number> {
  const room = await roomOf(manager);
  const first = room && firstKept(room);
  if (room !== undefined && room.bytes >= FULL * room.maxBytes && first === null)
    log.error({ room }, 'the stream of records is nearly full of what ingest has not stored yet');
  if (first === null || first === undefined) return 0;
  const { purged } = await manager.streams.purge(STREAM_RECORDS, { seq: first });
  log.info({ room, purged }, 'made room in the stream of records: what went is stored in the database');
  return purged;
}

/** @returns undefined while nothing is known to be stored: ingest was never here, or goes back after a restore */
async function roomOf(manager: JetStreamManager): Promise<StreamRoom | undefined> {
  const { config, state } = await manager.streams.info(STREAM_RECORDS);
  const storedSeq = await manager.consumers.info(STREAM_RECORDS, INGEST_CONSUMER).then(
    (consumer) => consumer.ack_floor.stream_seq,
    (error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)
        return undefined;
      throw error;
    },
  );
  if (storedSeq === undefined) return undefined;
  const { bytes, first_seq: firstSeq, last_seq: lastSeq } = state;
  return { bytes, maxBytes: config.max_bytes, firstSeq, lastSeq, storedSeq };
}

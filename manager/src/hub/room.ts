import { JetStreamApiCodes, JetStreamApiError, type JetStreamManager } from '@nats-io/jetstream';
import { INGEST_CONSUMER, STREAM_RECORDS, type RecordRoom } from '@process-meter/contract';
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
  /** Everything up to this sequence is stored in the database; 0 when nothing is known to be. */
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

/** What of it people are told. @param firstAt when its oldest message came, ms */
export function toldRoom(room: StreamRoom, firstAt: number): RecordRoom {
  const { bytes, maxBytes, firstSeq, lastSeq, storedSeq } = room;
  return {
    bytes,
    maxBytes,
    waiting: lastSeq - Math.min(Math.max(storedSeq, firstSeq - 1), lastSeq),
    oldestAt: bytes === 0 ? null : firstAt,
    behind: isBehind(room),
  };
}

/** Whether the stream is nearly full of what is not stored yet. */
const isBehind = (room: StreamRoom): boolean =>
  room.maxBytes > 0 && room.bytes >= FULL * room.maxBytes && firstKept(room) === null;

/** Makes room in the stream of records where it needs some. @returns how many messages went */
export async function keepRoom(manager: JetStreamManager, log: Log): Promise<number> {
  const { room } = await readRoom(manager);
  const first = firstKept(room);
  if (isBehind(room))
    log.error({ room }, 'the stream of records is nearly full of what ingest has not stored yet');
  if (first === null) return 0;
  const { purged } = await manager.streams.purge(STREAM_RECORDS, { seq: first });
  log.info({ room, purged }, 'made room in the stream of records: what went is stored in the database');
  return purged;
}

/** Nothing is known to be stored while ingest was never here, or goes back after a restore. */
export async function readRoom(manager: JetStreamManager): Promise<{ room: StreamRoom; firstAt: number }> {
  const { config, state } = await manager.streams.info(STREAM_RECORDS);
  const storedSeq = await manager.consumers.info(STREAM_RECORDS, INGEST_CONSUMER).then(
    (consumer) => consumer.ack_floor.stream_seq,
    (error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound) return 0;
      throw error;
    },
  );
  const { bytes, first_seq: firstSeq, last_seq: lastSeq } = state;
  return {
    room: { bytes, maxBytes: config.max_bytes, firstSeq, lastSeq, storedSeq },
    firstAt: Date.parse(state.first_ts),
  };
}

import {
  AckPolicy,
  DeliverPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type ConsumerConfig,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { INGEST_CONSUMER, STREAM_RECORDS } from '@process-meter/contract';

export interface ConsumerLimits {
  ackWaitMs: number;
  maxAckPending: number;
}

/** A database that was made of a backup: what was acknowledged since may be missing in it. */
export interface RestoredAt {
  at: Date;
  /** Instant of the backup. */
  asOf: Date;
}

const RESTORED = 'processmeter.io/restored';
/** What waited in the stream when the backup was made came before it. */
const BACKLOG_MS = 86_400_000;

/**
 * Makes the durable consumer that all ingest processes share, or brings the one that is there to the wanted settings. What
 * it has delivered and what was acknowledged stays: an update never moves it in the stream. Only a database that was
 * restored makes it begin anew, once, a day before the backup; what is there already is left out as it always is.
 */
export async function ensureConsumer(
  manager: JetStreamManager,
  { ackWaitMs, maxAckPending }: ConsumerLimits,
  restored?: RestoredAt,
): Promise<void> {
  const wanted = { ack_wait: ackWaitMs * 1_000_000, max_ack_pending: maxAckPending, max_deliver: -1 };
  const known = await knownConsumer(manager, restored);
  if (known === undefined) {
    await manager.consumers.add(STREAM_RECORDS, {
      durable_name: INGEST_CONSUMER,
      ack_policy: AckPolicy.Explicit,
      ...wanted,
      ...(restored === undefined ? {} : beginning(restored)),
    });
    return;
  }
  if (known.ack_policy !== AckPolicy.Explicit)
    throw new Error(`the consumer ${INGEST_CONSUMER} was made with another way of acknowledging; delete it`);
  const differs =
    known.ack_wait !== wanted.ack_wait ||
    known.max_ack_pending !== wanted.max_ack_pending ||
    known.max_deliver !== wanted.max_deliver;
  if (differs) await manager.consumers.update(STREAM_RECORDS, INGEST_CONSUMER, wanted);
}

/** The consumer that may go on; one that was made before the database was restored is removed. */
async function knownConsumer(
  manager: JetStreamManager,
  restored: RestoredAt | undefined,
): Promise<ConsumerConfig | undefined> {
  const known = await configOf(manager);
  if (known === undefined || restored === undefined) return known;
  if (known.metadata?.[RESTORED] === restored.at.toISOString()) return known;
  await manager.consumers.delete(STREAM_RECORDS, INGEST_CONSUMER);
  return undefined;
}

const beginning = ({ at, asOf }: RestoredAt): Partial<ConsumerConfig> => ({
  deliver_policy: DeliverPolicy.StartTime,
  opt_start_time: new Date(asOf.getTime() - BACKLOG_MS).toISOString(),
  metadata: { [RESTORED]: at.toISOString() },
});

async function configOf(manager: JetStreamManager): Promise<ConsumerConfig | undefined> {
  try {
    return (await manager.consumers.info(STREAM_RECORDS, INGEST_CONSUMER)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)
      return undefined;
    throw error;
  }
}

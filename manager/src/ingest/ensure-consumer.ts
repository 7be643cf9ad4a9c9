import {
  AckPolicy,
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

/**
 * Makes the durable consumer that all ingest processes share, or brings the one that is there to the wanted settings. What
 * it has delivered and what was acknowledged stays: an update never moves it in the stream.
 */
export async function ensureConsumer(
  manager: JetStreamManager,
  { ackWaitMs, maxAckPending }: ConsumerLimits,
): Promise<void> {
  const wanted = { ack_wait: ackWaitMs * 1_000_000, max_ack_pending: maxAckPending, max_deliver: -1 };
  const known = await configOf(manager);
  if (known === undefined) {
    await manager.consumers.add(STREAM_RECORDS, {
      durable_name: INGEST_CONSUMER,
      ack_policy: AckPolicy.Explicit,
      ...wanted,
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

async function configOf(manager: JetStreamManager): Promise<ConsumerConfig | undefined> {
  try {
    return (await manager.consumers.info(STREAM_RECORDS, INGEST_CONSUMER)).config;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.ConsumerNotFound)
      return undefined;
    throw error;
  }
}

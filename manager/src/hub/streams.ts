import { DiscardPolicy, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import { ALL_RECORDS, KV_CONFIG, STREAM_RECORDS } from '@process-meter/contract';

const SECOND_NS = 1_000_000_000;
const DAY_NS = 86_400 * SECOND_NS;

export type ManagedStream = Partial<StreamConfig> & Pick<StreamConfig, 'name'>;

/** Room for what agents send, on a server that has it: six working days of 10,000 of them. */
export const STREAM_BYTES = 20 * 1024 ** 3;

/**
 * @param replicas copies that the servers of a cluster keep; one is lost with its server
 * @param bytes room of the stream of records
 */
export const managedStreams = (replicas: number, bytes: number): ManagedStream[] =>
  MANAGED_STREAMS.map((stream) => ({
    ...stream,
    num_replicas: replicas,
    ...(stream.name === STREAM_RECORDS ? { max_bytes: bytes } : {}),
  }));

/**
 * What the Manager makes, and keeps to at each connect. A full stream refuses new batches (`discard: new`): the agent keeps
 * them in its outbox, whereas dropping old ones would lose what it was told is safe. What is stored makes room (`room.ts`).
 */
export const MANAGED_STREAMS: readonly ManagedStream[] = [
  {
    name: STREAM_RECORDS,
    subjects: [ALL_RECORDS],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    duplicate_window: 120 * SECOND_NS,
    max_age: 7 * DAY_NS,
    max_bytes: STREAM_BYTES,
  },
  {
    // The shape of a KV bucket, so that KV clients read it; one value a key, read by DIRECT.GET.
    name: `KV_${KV_CONFIG}`,
    subjects: [`$KV.${KV_CONFIG}.>`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    max_msgs_per_subject: 1,
    allow_direct: true,
    allow_rollup_hdrs: true,
    deny_delete: true,
  },
];

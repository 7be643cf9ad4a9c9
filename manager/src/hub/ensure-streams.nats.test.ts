import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  AckPolicy,
  DiscardPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { INGEST_CONSUMER, inboxPrefix, STREAM_RECORDS } from '@process-meter/contract';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { ensureConsumer } from '../ingest/ensure-consumer.ts';
import type { Log } from '../log.ts';
import { natsAuthenticator } from '../nats-trust/index.ts';
import { testChain, type TestChain } from '../testing/chain.ts';
import { ensureStreams } from './ensure-streams.ts';
import { MANAGED_STREAMS } from './streams.ts';

let chain: TestChain;
let asManager: NatsConnection;
let manager: JetStreamManager;
const lines: { level: number; msg: string }[] = [];
const log: Log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });
const SECOND_NS = 1_000_000_000;
const wanted = MANAGED_STREAMS.find((stream) => stream.name === STREAM_RECORDS)!;
/** As the server tells it: without what is undefined. */
const shape: object = JSON.parse(JSON.stringify(wanted));

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  asManager = await connect({
    servers: chain.nats.url,
    authenticator: natsAuthenticator(chain.secrets.manager),
    inboxPrefix: inboxPrefix('manager'),
  });
  manager = await jetstreamManager(asManager);
});
beforeEach(() => {
  lines.length = 0;
});
afterAll(async () => {
  await asManager.close();
  await chain.close();
});

/** The stream as an older version would have made it, with three messages of an agent. */
async function olderStream(over: object = {}): Promise<void> {
  await manager.streams.delete(STREAM_RECORDS);
  await manager.streams.add({
    name: STREAM_RECORDS,
    subjects: wanted.subjects ?? [],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    duplicate_window: 30 * SECOND_NS,
    max_age: 3600 * SECOND_NS,
    max_bytes: 1024 ** 2,
    ...over,
  });
  const agent = await chain.enrol();
  for (let i = 0; i < 3; i += 1)
    await agent.send([], { rev: i, asOf: Date.now(), watchedFrom: null, documents: [] });
}

test('a stream of an older version gets the wanted configuration and keeps what it holds', async () => {
  await olderStream();
  await ensureStreams({ manager, log });
  const { config, state } = await manager.streams.info(STREAM_RECORDS);
  expect(config).toMatchObject(shape);
  expect(state.messages).toBe(3);
  expect(lines.map(({ msg }) => msg)).toEqual(['brought a stream to its configuration']);
  lines.length = 0;
  await ensureStreams({ manager, log });
  expect(lines).toEqual([]);
});

test('a limit that is higher than wanted, or none, is never lowered', async () => {
  await olderStream({ max_bytes: -1, max_age: 30 * 86_400 * SECOND_NS });
  await ensureStreams({ manager, log });
  const { config } = await manager.streams.info(STREAM_RECORDS);
  expect(config).toMatchObject({
    max_bytes: -1,
    max_age: 30 * 86_400 * SECOND_NS,
    discard: DiscardPolicy.New,
  });
});

test('what the server never changes, or refuses, is told, and the rest is brought about', async () => {
  await olderStream({ storage: StorageType.Memory });
  // More than any server has.
  await ensureStreams({ manager, log, streams: [{ ...wanted, max_bytes: 1024 ** 5 }] });
  const { config, state } = await manager.streams.info(STREAM_RECORDS);
  expect(config).toMatchObject({ storage: StorageType.Memory, discard: DiscardPolicy.New });
  expect(state.messages).toBe(3);
  expect(lines).toMatchObject([
    { level: 50, msg: 'a stream was made otherwise and stays so', fixed: ['storage'] },
    { level: 50, msg: 'the server refuses a change of a stream' },
    { level: 30, msg: 'brought a stream to its configuration' },
  ]);
});

test('a stream that is missing is made', async () => {
  await manager.streams.delete(STREAM_RECORDS);
  await ensureStreams({ manager, log });
  expect((await manager.streams.info(STREAM_RECORDS)).config).toMatchObject(shape);
});

test('the consumer of an older version gets the wanted settings and goes on where it was', async () => {
  await olderStream();
  await ensureStreams({ manager, log });
  const credentials: { jwt: string; seed: string } = JSON.parse(
    readFileSync(join(chain.secretsDir, 'ingest.creds.json'), 'utf8'),
  );
  // With the rights of ingest, not of the Manager.
  const connection = await connect({
    servers: chain.nats.url,
    authenticator: natsAuthenticator(credentials),
    inboxPrefix: inboxPrefix('ingest'),
  });
  const asIngest = await jetstreamManager(connection, { checkAPI: false });
  await asIngest.consumers.add(STREAM_RECORDS, {
    durable_name: INGEST_CONSUMER,
    ack_policy: AckPolicy.Explicit,
    ack_wait: 60 * SECOND_NS,
    max_ack_pending: 10,
    max_deliver: 3,
  });
  const consumer = await jetstream(connection).consumers.get(STREAM_RECORDS, INGEST_CONSUMER);
  for (let i = 0; i < 2; i += 1) await (await consumer.next())!.ackAck();
  await ensureConsumer(asIngest, { ackWaitMs: 15_000, maxAckPending: 20_000 });
  const info = await asIngest.consumers.info(STREAM_RECORDS, INGEST_CONSUMER);
  expect(info.config).toMatchObject({ ack_wait: 15 * SECOND_NS, max_ack_pending: 20_000, max_deliver: -1 });
  expect([info.ack_floor.stream_seq, info.num_pending]).toEqual([2, 1]);
  expect((await consumer.next())!.seq).toBe(3);
  await connection.close();
});

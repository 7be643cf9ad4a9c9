import { downSigner, inboxPrefix, natsAddresses } from '@process-meter/contract';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Registry } from 'prom-client';
import { startCloser } from '../closing/index.ts';
import { awaitSchema, connectDatabase, type Connection } from '../db/index.ts';
import type { Log } from '../log.ts';
import { natsAuthenticator } from '../nats-trust/index.ts';
import { startRoller } from '../rollup/index.ts';
import { startTimesKeeper } from '../session-times/index.ts';
import { createAcceptor } from './accept.ts';
import type { IngestConfig } from './config.ts';
import { RecordConsumer } from './consumer.ts';
import { Directory } from './directory.ts';
import { publishMarks } from './marks.ts';
import { ingestMetrics } from './metrics.ts';
import { createPartitions } from './partition-store.ts';
import { Pipeline } from './pipeline.ts';
import { lastRestored } from './restored-store.ts';
import { startStatusServer } from './status-server.ts';

export interface IngestDeps {
  config: IngestConfig;
  log: Log;
  metrics: Registry;
  now: () => number;
}

export interface RunningIngest {
  /** Port of the status server. */
  port: number;
  /** Stops reading, commits what was read, leaves the roller's office. */
  stop(): Promise<void>;
}

/** A backlog of this many messages holds the roll-up back. */
const BUSY_FROM = 2000;

/** Starts ingest: consumer, pipeline, roller and status server. Waits for the schema and for NATS as long as needed. */
export async function startIngest(deps: IngestDeps): Promise<RunningIngest> {
  const { config, log, now } = deps;
  const database = connectDatabase(config.databaseUrl, 8);
  const link: { connection: NatsConnection | null } = { connection: null };
  const status = await startStatusServer({
    host: config.host,
    port: config.port,
    metrics: deps.metrics,
    missing: () => missingParts(database, link.connection),
  });
  await awaitSchema(database.db, Infinity);
  const connection = await connectNats(config);
  link.connection = connection;
  const { consumer, pipeline } = wire(deps, database, connection);
  const running = consumer.run();
  const stopRoller = startRoller({
    pool: database.pool,
    log,
    metrics: deps.metrics,
    everyMs: config.rollEveryMs,
    busy: () => consumer.backlog > BUSY_FROM,
  });
  const stopTimesKeeper = startTimesKeeper({
    pool: database.pool,
    log,
    metrics: deps.metrics,
    everyMs: config.rollEveryMs,
    settleMs: config.keepTimesAfterMs,
    busy: () => consumer.backlog > BUSY_FROM,
  });
  const stopCloser = startCloser({
    pool: database.pool,
    log,
    metrics: deps.metrics,
    now,
    silentAfterMs: config.closeAfterMs,
    everyMs: config.closeEveryMs,
    partitions: createPartitions(database.pool),
    hears: async () =>
      consumer.backlog <= BUSY_FROM && (await missingParts(database, connection)).length === 0,
  });
  log.info({ port: status.port, now: now() }, 'ingest runs');
  return {
    port: status.port,
    async stop() {
      await consumer.stop();
      await running;
      await pipeline.drained();
      await stopCloser();
      await stopTimesKeeper();
      await stopRoller();
      await connection.drain();
      await database.close();
      await status.close();
    },
  };
}

function wire(
  deps: IngestDeps,
  database: Connection,
  connection: NatsConnection,
): { consumer: RecordConsumer; pipeline: Pipeline } {
  const { config, log, now } = deps;
  const signer = downSigner(config.down.kid, config.down.secret);
  const meters = ingestMetrics(deps.metrics, () => consumer.backlog);
  const pipeline = new Pipeline({
    pool: database.pool,
    directory: new Directory(database.pool),
    partitions: createPartitions(database.pool),
    now,
    onCommitted(flush, seconds) {
      meters.committed(flush, seconds);
      publishMarks(flush, { signer, now, publish: (subject, body) => connection.publish(subject, body) });
    },
    onFailed(error) {
      meters.failed();
      log.warn({ err: error }, 'a flush failed; its messages come again');
    },
  });
  const consumer: RecordConsumer = new RecordConsumer({
    connection,
    accept: createAcceptor(config.masters),
    submit: (messages) => pipeline.submit(messages),
    now,
    log,
    ackWaitMs: config.ackWaitMs,
    restored: () => lastRestored(database.pool),
  });
  return { consumer, pipeline };
}

function connectNats(config: IngestConfig): Promise<NatsConnection> {
  return connect({
    ...natsAddresses(config.natsUrl.split(',')),
    name: 'ingest',
    authenticator: natsAuthenticator(config.credentials),
    inboxPrefix: inboxPrefix('ingest'),
    waitOnFirstConnect: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 500,
  });
}

async function missingParts(database: Connection, connection: NatsConnection | null): Promise<string[]> {
  const answers = await database.pool.query('select 1').then(
    () => true,
    () => false,
  );
  const linked = connection !== null && !connection.isClosed() && (await reaches(connection));
  return [...(answers ? [] : ['PostgreSQL']), ...(linked ? [] : ['NATS'])];
}

/** A flush is a round trip to the server; one that is away does not answer it. */
async function reaches(connection: NatsConnection): Promise<boolean> {
  const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 1000).unref());
  return Promise.race([
    connection.flush().then(
      () => true,
      () => false,
    ),
    late,
  ]);
}

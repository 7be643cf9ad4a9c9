import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager, type ConsumerInfo } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { INGEST_CONSUMER, inboxPrefix, STREAM_RECORDS, type AgentRecord } from '@process-meter/contract';
import { freePort } from '@process-meter/local';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { natsAuthenticator } from '../nats-trust/index.ts';
import { testChain, type TestAgent, type TestChain } from '../testing/chain.ts';

const BASE = Date.UTC(2026, 10, 20, 8);
const BATCH = 50;
const KILLS = 6;
const DATABASE_CLIENT = 'ingest-under-test';

interface Ingest {
  child: ChildProcess;
  port: number;
}

let chain: TestChain;
const children: ChildProcess[] = [];

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await chain.close();
});

/** Looks at the durable consumer that the processes share. */
async function watchConsumer(): Promise<{ info: () => Promise<ConsumerInfo>; close: () => Promise<void> }> {
  const connection = await connect({
    servers: chain.nats.url,
    authenticator: natsAuthenticator(chain.secrets.manager),
    inboxPrefix: inboxPrefix('manager'),
  });
  const manager = await jetstreamManager(connection);
  return {
    info: () => manager.consumers.info(STREAM_RECORDS, INGEST_CONSUMER),
    close: () => connection.close(),
  };
}

async function startProcess(): Promise<Ingest> {
  const port = await freePort();
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PM_DATABASE_URL: `${chain.database.url}?application_name=${DATABASE_CLIENT}`,
      PM_NATS_URL: chain.nats.url,
      PM_SECRETS_DIR: chain.secretsDir,
      PM_PORT: String(port),
      PM_ROLL_EVERY_MS: '200',
      // What a dead process held comes again soon.
      PM_ACK_WAIT_MS: '2000',
      PM_LOG_LEVEL: 'fatal',
    },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return { child, port };
}

const ready = ({ port }: Ingest): Promise<void> =>
  expect
    .poll(async () => (await fetch(`http://127.0.0.1:${port}/readyz`).catch(() => undefined))?.status, {
      timeout: 60_000,
      interval: 50,
    })
    .toBe(200);

async function end({ child }: Ingest, signal: NodeJS.Signals): Promise<number | null> {
  const exit = once(child, 'exit') as Promise<[number | null]>;
  child.kill(signal);
  return (await exit)[0];
}

const hex = (n: number): string => n.toString(16).padStart(16, '0');
const segments = (agent: TestAgent, first: number): AgentRecord[] =>
  Array.from({ length: BATCH }, (_, i) => ({
    kind: 'segment',
    seq: first + i,
    session: hex(agent.id),
    document: hex(1000 + agent.id),
    application: chain.application,
    started: BASE + (first + i) * 1000,
    ended: BASE + (first + i + 1) * 1000,
    state: 1 + ((first + i) % 3),
    cause: 2,
    flags: 0,
  }));

/** Sends until told to stop; every fourth batch again, and then one that overlaps. @returns the last seq sent */
async function load(agent: TestAgent, until: AbortSignal): Promise<number> {
  let last = 0;
  for (let n = 1; !until.aborted; n += 1) {
    await agent.send(segments(agent, last + 1));
    if (n % 4 === 0) {
      await agent.send(segments(agent, last + 1));
      await agent.send(segments(agent, Math.max(1, last - BATCH / 2)));
    }
    last += BATCH;
    await pause(15);
  }
  return last;
}

async function one(sql: string, ...parameters: unknown[]): Promise<number> {
  const { rows } = await chain.database.pool.query<{ n: string | null }>(sql, parameters);
  return Number(rows[0]!.n);
}

const terminateBackends = (): Promise<number> =>
  one(
    `select count(pg_terminate_backend(pid)) as n from pg_stat_activity
     where datname = current_database() and application_name = $1`,
    DATABASE_CLIENT,
  );

/** Kills one process after the other while the other one works; once, cuts every connection to the database. */
async function wreck(running: Ingest[]): Promise<void> {
  for (let round = 0; round < KILLS; round += 1) {
    const which = round % 2;
    await Promise.all(running.map(ready));
    await pause(90 * round);
    if (round === KILLS / 2) await cutDatabase(running);
    await end(running[which]!, 'SIGKILL');
    running[which] = await startProcess();
  }
}

/** Both processes outlive it: the one with the roller's office too, whose connection is idle between two rounds. */
async function cutDatabase(running: readonly Ingest[]): Promise<void> {
  expect(await terminateBackends()).toBeGreaterThan(1);
  await pause(300);
  expect(running.map(({ child }) => child.exitCode)).toEqual([null, null]);
  await Promise.all(running.map(ready));
}

async function expectAllOnce(agent: TestAgent, last: number): Promise<void> {
  expect(last).toBeGreaterThan(20 * BATCH);
  const rows = 'select epoch, seq from segment where agent_id = $1';
  expect(await one(`select count(*) as n from (${rows}) s`, agent.id)).toBe(last);
  expect(await one(`select count(*) as n from (select distinct * from (${rows}) s) d`, agent.id)).toBe(last);
  const gapless = 'select count(*) as n from agent_range where agent_id = $1 and epoch = $2 and seen = $3';
  expect(await one(gapless, agent.id, agent.epoch, `{[1,${last + 1})}`)).toBe(1);
}

test('processes killed and connections cut under load: every record is stored once and counted once', async () => {
  const consumer = await watchConsumer();
  const running = [await startProcess(), await startProcess()];
  const agents = await Promise.all([chain.enrol(), chain.enrol(), chain.enrol()]);
  const enough = new AbortController();
  const sending = Promise.all(agents.map((agent) => load(agent, enough.signal)));
  await wreck(running).finally(() => enough.abort());
  const sent = await sending;

  const waiting = async (): Promise<number> => {
    const info = await consumer.info();
    return info.num_pending + info.num_ack_pending;
  };
  await expect.poll(waiting, { timeout: 60_000, interval: 200 }).toBe(0);
  await expect
    .poll(() => one('select count(*) as n from dirty_log'), { timeout: 10_000, interval: 100 })
    .toBe(0);
  for (const [i, agent] of agents.entries()) await expectAllOnce(agent, sent[i]!);
  const total = sent.reduce((sum, last) => sum + last, 0);
  expect(await one('select sum(ms_active + ms_inactive + ms_timeout) as n from rollup_quarter')).toBe(
    total * 1000,
  );
  expect(await one('select count(*) as n from dead_letter')).toBe(0);
  // Proof that the kills hit: some messages were handed out more than once.
  const { delivered } = await consumer.info();
  expect(delivered.consumer_seq).toBeGreaterThan(delivered.stream_seq);
  for (const ingest of running) expect(await end(ingest, 'SIGTERM')).toBe(0);
  await consumer.close();
}, 120_000);

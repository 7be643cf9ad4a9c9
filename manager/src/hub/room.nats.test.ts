import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { inboxPrefix, STREAM_RECORDS } from '@process-meter/contract';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { Log } from '../log.ts';
import { natsAuthenticator } from '../nats-trust/index.ts';
import { testChain, type TestAgent, type TestChain } from '../testing/chain.ts';
import { testIngest } from '../testing/ingest.ts';
import { SampleAgent, type Step } from '../testing/sample-agent.ts';
import { connectHub } from './index.ts';
import { keepRoom } from './room.ts';

const MAX_BYTES = 64 * 1024;
let chain: TestChain;
let connection: NatsConnection;
let manager: JetStreamManager;
let agent: TestAgent;
let desktop: SampleAgent;
const lines: { level: number; msg: string }[] = [];
const log: Log = pino({ level: 'info' }, { write: (line) => void lines.push(JSON.parse(line)) });

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  connection = await connect({
    servers: chain.nats.url,
    authenticator: natsAuthenticator(chain.secrets.manager),
    inboxPrefix: inboxPrefix('manager'),
  });
  manager = await jetstreamManager(connection);
  await manager.streams.update(STREAM_RECORDS, { max_bytes: MAX_BYTES });
  agent = await chain.enrol();
  desktop = new SampleAgent(chain.application, Date.now() - 20 * 86_400_000);
});
afterAll(async () => {
  await connection.close();
  await chain.close();
});

const STEP: Step = { minutes: 5, document: 0, act: 1, hold: false, send: 'records and snapshot' };
type News = NonNullable<ReturnType<SampleAgent['take']>>;

/** The last sequence that was given out. */
let last = 0;
function next(n: number): News {
  const news = desktop.take({ ...STEP, act: n % 2 === 0 ? 1 : 2 });
  if (news === null) throw new Error('nothing is sent');
  last = news.records.at(-1)?.seq ?? last;
  return news;
}

/** Again and again while the stream has no room, as an agent does. */
async function sendUntilTaken({ records, open }: News): Promise<void> {
  const taken = (): Promise<boolean> =>
    agent.send(records, open).then(
      () => true,
      () => false,
    );
  await expect.poll(taken, { interval: 20, timeout: 10_000 }).toBe(true);
}

/** Sends until the stream refuses. @returns what it refused */
async function fill(): Promise<News> {
  for (let n = 0; n < 1000; n += 1) {
    const news = next(n);
    try {
      await agent.send(news.records, news.open);
    } catch {
      return news;
    }
  }
  throw new Error('the stream is never full');
}
const state = async () => (await manager.streams.info(STREAM_RECORDS)).state;

let refused: News;

test('of what nobody has stored nothing goes, and a full stream refuses more', async () => {
  expect(await keepRoom(manager, log)).toBe(0);
  refused = await fill();
  expect(await keepRoom(manager, log)).toBe(0);
  expect((await state()).first_seq).toBe(1);
});

test('what is stored makes room: an agent sends many times what the stream holds, and all of it is stored', async () => {
  const ingest = await testIngest(chain);
  const { url: servers } = chain.nats;
  const credentials = chain.secrets.manager;
  const hub = connectHub({ servers, credentials, log, streamBytes: MAX_BYTES, roomEveryMs: 20 });
  await sendUntilTaken(refused);
  for (let n = 0; n < 400; n += 1) await sendUntilTaken(next(n));
  const { first_seq: first, messages } = await state();
  expect(first).toBeGreaterThan(300);
  expect(messages).toBeGreaterThan(50);
  const whole = async (): Promise<boolean | undefined> => {
    const sql =
      'select seen = int8multirange(int8range(1, $1)) as whole from agent_range where agent_id = $2';
    const { rows } = await chain.database.pool.query<{ whole: boolean }>(sql, [last + 1, agent.id]);
    return rows[0]?.whole;
  };
  await expect.poll(whole, { timeout: 20_000 }).toBe(true);
  await hub.close();
  await ingest.stop();
}, 60_000);

test('that ingest is behind a full stream is told', async () => {
  do await fill();
  while ((await keepRoom(manager, log)) > 0);
  expect(lines.at(-1)).toMatchObject({
    level: 50,
    msg: 'the stream of records is nearly full of what ingest has not stored yet',
  });
});

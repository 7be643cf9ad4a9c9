import { zstdCompressSync } from 'node:zlib';
import { downSigner, openEnvelope, type AgentRecord, type OpenSnapshot } from '@process-meter/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { publish, testChain, type TestAgent, type TestChain } from '../testing/chain.ts';
import { testIngest } from '../testing/ingest.ts';
import type { RunningIngest } from './ingest.ts';

let chain: TestChain;
let ingest: RunningIngest;
const BASE = Date.UTC(2026, 10, 20, 8);

const run = (): Promise<RunningIngest> =>
  testIngest(chain, { PM_ROLL_EVERY_MS: '100', PM_ACK_WAIT_MS: '2000', PM_KEEP_TIMES_AFTER_MS: '0' });

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  ingest = await run();
});
afterAll(async () => {
  await ingest.stop();
  await chain.close();
});

const id = (n: number): string => n.toString(16).padStart(16, '0');
const segments = (first: number, count: number): AgentRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: 'segment',
    seq: first + i,
    session: id(1),
    document: id(2),
    application: chain.application,
    started: BASE + (first + i) * 1000,
    ended: BASE + (first + i + 1) * 1000,
    state: 1 + (i % 3),
    cause: 2,
    flags: 0,
  }));

const count = async (sql: string, ...parameters: unknown[]): Promise<number> =>
  Number(
    (await chain.database.pool.query<{ n: string }>(`select count(*) as n from ${sql}`, parameters)).rows[0]!
      .n,
  );
const segmentCount = (agent: TestAgent): Promise<number> => count('segment where agent_id = $1', agent.id);
const eventually = { timeout: 10_000, interval: 30 };

test('a batch becomes rows, ranges, a roll-up and a signed mark', async () => {
  const agent = await chain.enrol();
  const marks: unknown[] = [];
  agent.connection.subscribe(`down.default.${agent.name}`, {
    callback: (_, message) => {
      const { kid, secret } = chain.secrets.downIngest;
      marks.push(
        openEnvelope(message.data, {
          agent: agent.name,
          now: Date.now(),
          trusted: [{ kid, key: downSigner(kid, secret).publicKey, types: ['mark'] }],
        }),
      );
    },
  });
  await agent.connection.flush();
  await agent.send([
    {
      kind: 'session',
      seq: 1,
      session: id(1),
      application: chain.application,
      user: 'ida',
      computer: 'ws-1',
      desktop: ':1',
      executable: '/usr/bin/draw',
      pid: 7,
      started: BASE,
      ended: null,
      endCause: null,
      revision: 1,
    },
    {
      kind: 'document',
      seq: 2,
      session: id(1),
      document: id(2),
      name: 'plan',
      path: '',
      source: 'file',
      confidence: 90,
      opened: BASE,
      closed: null,
      closeCause: null,
    },
    ...segments(3, 10),
  ]);
  await expect.poll(() => segmentCount(agent), eventually).toBe(10);
  expect(await count('session where agent_id = $1 and ended is null', agent.id)).toBe(1);
  await expect.poll(() => count('dirty_log'), eventually).toBe(0);
  expect(await count('rollup_quarter where application_id = $1 and peak_open = 1', chain.application)).toBe(
    1,
  );
  await expect
    .poll(() => marks, eventually)
    .toEqual([expect.objectContaining({ type: 'mark', epoch: agent.epoch, committed: [[1, 12]] })]);
  expect(await count("pg_inherits where inhparent = 'segment'::regclass")).toBeGreaterThan(1);
});

test('times of a session are kept when it has ended, and with a late segment again', async () => {
  const agent = await chain.enrol();
  const ended = { ended: BASE + 20_000, endCause: 13 };
  const session = {
    kind: 'session',
    seq: 1,
    session: id(1),
    application: chain.application,
    user: 'ida',
  } as const;
  const computer = {
    computer: 'ws-1',
    desktop: ':1',
    executable: 'draw',
    pid: 7,
    started: BASE,
    revision: 1,
  };
  await agent.send([{ ...session, ...computer, ...ended }, ...segments(2, 9)]);
  const kept = (seconds: number): Promise<number> =>
    count(
      'session where agent_id = $1 and kept_active_ms + kept_inactive_ms + kept_timeout_ms = $2',
      agent.id,
      seconds * 1000,
    );
  await expect.poll(() => kept(9), eventually).toBe(1);
  await agent.send(segments(11, 4));
  await expect.poll(() => kept(13), eventually).toBe(1);
});

test('what comes twice, or overlaps, is stored once', async () => {
  const agent = await chain.enrol();
  await agent.send(segments(1, 50));
  await agent.send(segments(1, 50));
  await agent.send(segments(31, 60));
  await agent.send(segments(200, 5));
  await agent.send(segments(85, 10));
  await expect
    .poll(
      () => count('agent_range where agent_id = $1 and seen = $2', agent.id, '{[1,95),[200,205)}'),
      eventually,
    )
    .toBe(1);
  expect(await segmentCount(agent)).toBe(99);
  expect(await count('(select distinct seq from segment where agent_id = $1) s', agent.id)).toBe(99);
});

test('the newest open snapshot wins, whatever order they come in', async () => {
  const agent = await chain.enrol();
  const open = (rev: number, state: number): OpenSnapshot => ({
    rev,
    asOf: BASE + rev * 1000,
    watchedFrom: BASE,
    documents: [
      {
        session: id(1),
        document: id(2),
        application: chain.application,
        state,
        cause: 2,
        flags: 0,
        since: BASE,
        held: null,
      },
    ],
  });
  await agent.send([], open(2, 2));
  await expect
    .poll(() => count('open_document where agent_id = $1 and state = 2', agent.id), eventually)
    .toBe(1);
  await agent.send([], open(1, 1));
  await agent.send(segments(1, 1), { rev: 3, asOf: BASE + 5000, watchedFrom: BASE, documents: [] });
  await expect
    .poll(() => count('open_snapshot where agent_id = $1 and rev = 3', agent.id), eventually)
    .toBe(1);
  expect(await count('open_document where agent_id = $1', agent.id)).toBe(0);
});

test('a stretch that the running one may still melt into is missing from no view of what is open', async () => {
  const agent = await chain.enrol();
  const document = { session: id(1), document: id(2), application: chain.application, cause: 2, flags: 0 };
  await agent.send([], {
    rev: 1,
    asOf: BASE + 60_000,
    watchedFrom: BASE,
    documents: [
      { ...document, state: 1, since: BASE + 50_000, held: { state: 2, cause: 1, flags: 1, since: BASE } },
    ],
  });
  const stretches = async (): Promise<unknown[]> => {
    const { rows } = await chain.database.pool.query(
      `select state, flags, running, (extract(epoch from ended - started))::int as seconds
       from open_stretch where agent_id = $1 order by started`,
      [agent.id],
    );
    return rows;
  };
  await expect.poll(stretches, eventually).toEqual([
    { state: 2, flags: 1, running: false, seconds: 50 },
    { state: 1, flags: 0, running: true, seconds: 10 },
  ]);
  // The record of the held one overtakes it; the running one stays.
  await agent.send([
    { kind: 'segment', seq: 1, ...document, state: 2, flags: 1, started: BASE, ended: BASE + 50_000 },
  ]);
  await expect.poll(stretches, eventually).toEqual([{ state: 1, flags: 0, running: true, seconds: 10 }]);
});

test('what cannot be used is kept with its code, and nothing behind it waits', async () => {
  const agent = await chain.enrol();
  const other = await chain.enrol();
  const plain = (value: unknown): Buffer =>
    Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  const raw = {
    subject: agent.subject,
    encoding: 'identity',
    epoch: agent.epoch,
    seq: 1,
    key: agent.key,
    kid: agent.kid,
  };
  await publish(agent.connection, { ...raw, body: plain('{"v":1'), key: Buffer.alloc(32) });
  await publish(agent.connection, { ...raw, body: plain('{"v":1') });
  await publish(agent.connection, { ...raw, body: plain({ v: 99 }) });
  await publish(agent.connection, { ...raw, body: plain({ v: 1, c: 'default' }) });
  await publish(agent.connection, { ...raw, body: Buffer.alloc(300_000, 32) });
  await publish(agent.connection, {
    ...raw,
    body: zstdCompressSync(Buffer.alloc(50_000_000)),
    encoding: 'zstd',
  });
  await agent.send(segments(1, 1).map((record) => ({ ...record, application: 999_999 }) as AgentRecord));
  await agent.send(
    segments(2, 1).map(
      (record) =>
        ({
          ...record,
          started: Date.now() + 3_600_000,
          ended: Date.now() + 3_600_001,
        }) as AgentRecord,
    ),
  );
  await other.send(segments(1, 3));
  await expect.poll(() => segmentCount(other), eventually).toBe(3);
  await expect.poll(() => count('dead_letter'), eventually).toBe(8);
  const { rows } = await chain.database.pool.query<{ code: string; known: boolean; bytes: number }>(
    'select code, agent_id is not null as known, length(body) as bytes from dead_letter order by stream_seq',
  );
  expect(rows.map((row) => row.code)).toEqual([
    'PM-6001',
    'PM-6002',
    'PM-6004',
    'PM-6005',
    'PM-6003',
    'PM-6003',
    'PM-6008',
    'PM-6006',
  ]);
  expect(rows[0]!.known).toBe(false);
  expect(rows.slice(1).every((row) => row.known && row.bytes > 0)).toBe(true);
  expect(await count('agent_range where agent_id = $1 and seen @> 1::int8', agent.id)).toBe(1);
  expect(await segmentCount(agent)).toBe(0);
});

test('two ingest processes share the work, and a NATS server killed in between loses nothing', async () => {
  const second = await run();
  const agents = await Promise.all([chain.enrol(), chain.enrol(), chain.enrol()]);
  const send = async (agent: TestAgent): Promise<void> => {
    for (let first = 1; first <= 2000; first += 50) {
      await agent.send(segments(first, 50));
      if (first % 500 === 1) await agent.send(segments(first, 50));
    }
  };
  const sending = Promise.all(agents.map(send));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await chain.restartNats();
  await sending;
  for (const agent of agents) {
    await expect.poll(() => segmentCount(agent), { timeout: 20_000 }).toBe(2000);
    expect(await count('(select distinct seq from segment where agent_id = $1) s', agent.id)).toBe(2000);
    expect(await count('agent_range where agent_id = $1 and seen = $2', agent.id, '{[1,2001)}')).toBe(1);
  }
  await second.stop();
}, 60_000);

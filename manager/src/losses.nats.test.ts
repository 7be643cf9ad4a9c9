import { CAUSE, type AgentRecord } from '@process-meter/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readLosses } from './completeness/index.ts';
import type { RunningIngest } from './ingest/ingest.ts';
import { publish, testChain, type TestAgent, type TestChain } from './testing/chain.ts';
import { testIngest } from './testing/ingest.ts';

const BASE = Date.now() - 3_600_000;
const eventually = { timeout: 15_000, interval: 30 };
let chain: TestChain;
let ingest: RunningIngest;

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  ingest = await testIngest(chain);
});
afterAll(async () => {
  await ingest.stop();
  await chain.close();
});

const coverage = (seq: number): AgentRecord => ({
  kind: 'coverage',
  seq,
  from: BASE + seq * 1000,
  to: BASE + seq * 1000 + 1000,
  cause: CAUSE.cut,
});
const gap = (seq: number, of: { lost: number; seqs?: [number, number] }): AgentRecord => ({
  kind: 'gap',
  seq,
  from: BASE,
  to: BASE + 1000,
  reason: 'unsendable',
  ...of,
});

async function ranges(agent: TestAgent): Promise<{ seen: string; open: string; unexplained: string }> {
  const { rows } = await chain.database.pool.query<{ seen: string; open: string; unexplained: string }>(
    `select seen::text, (missing - seen)::text as open,
       (int8multirange(int8range(1, upper(seen))) - seen - missing)::text as unexplained
     from agent_range where agent_id = $1`,
    [agent.id],
  );
  return rows[0] ?? { seen: '', open: '', unexplained: '' };
}

async function losses(agent: TestAgent): Promise<{ lost: number; reason: string }[]> {
  const client = await chain.database.pool.connect();
  try {
    const found = await readLosses(client, chain.account, { from: BASE - 1000, to: Date.now() + 1000 });
    return found.filter((loss) => loss.agent === agent.id).map(({ lost, reason }) => ({ lost, reason }));
  } finally {
    client.release();
  }
}

test('a record that was put aside is a loss with its reason, and its sequence is known as missing', async () => {
  const agent = await chain.enrol();
  await agent.send([coverage(1), coverage(2)]);
  await agent.send([coverage(4), gap(5, { lost: 1, seqs: [3, 3] })]);
  await expect
    .poll(() => ranges(agent), eventually)
    .toEqual({
      seen: '{[1,3),[4,6)}',
      open: '{[3,4)}',
      unexplained: '{}',
    });
  expect(await losses(agent)).toEqual([{ lost: 1, reason: 'unsendable' }]);
});

test('what was told as lost and comes after all is taken, and is no loss any more', async () => {
  const agent = await chain.enrol();
  await agent.send([gap(4, { lost: 3, seqs: [1, 3] })]);
  await expect.poll(() => losses(agent), eventually).toEqual([{ lost: 3, reason: 'unsendable' }]);
  await agent.send([coverage(1), coverage(2)]);
  await expect.poll(() => ranges(agent), eventually).toMatchObject({ open: '{[3,4)}' });
  expect(await losses(agent)).toHaveLength(1);
  await agent.send([coverage(3)]);
  await expect.poll(() => losses(agent), eventually).toEqual([]);
  const { rows } = await chain.database.pool.query('select 1 from coverage where agent_id = $1', [agent.id]);
  expect(rows).toHaveLength(3);
});

test('a gap of an agent that names no sequences is told as it was before', async () => {
  const agent = await chain.enrol();
  await agent.send([gap(1, { lost: -1 })]);
  await expect.poll(() => losses(agent), eventually).toEqual([{ lost: -1, reason: 'unsendable' }]);
  expect(await ranges(agent)).toMatchObject({ open: '{}' });
});

test("an agent's own batch that cannot be decoded is one named loss, however often it comes, until it comes whole", async () => {
  const agent = await chain.enrol();
  const bad = {
    subject: agent.subject,
    body: Buffer.from('{"v":1,'),
    encoding: 'identity',
    epoch: agent.epoch,
    seq: 1,
    key: agent.key,
    kid: agent.kid,
  };
  await publish(agent.connection, bad);
  await publish(agent.connection, bad);
  await agent.send([coverage(3)]);
  await expect.poll(() => ranges(agent), eventually).toMatchObject({ seen: '{[3,4)}', unexplained: '{}' });
  expect(await losses(agent)).toEqual([{ lost: -1, reason: 'refused' }]);
  const letters = await chain.database.pool.query('select 1 from dead_letter where agent_id = $1', [
    agent.id,
  ]);
  expect(letters.rowCount).toBe(2);
  // Sent again in halves, both good: they are taken, and nothing that was given out is missing.
  await agent.send([coverage(1)]);
  await agent.send([coverage(2)]);
  await expect.poll(() => ranges(agent), eventually).toMatchObject({ seen: '{[1,4)}' });
  expect(await losses(agent)).toEqual([]);
});

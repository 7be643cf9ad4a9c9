import { afterAll, beforeAll, expect, inject, test, vi } from 'vitest';
import { testApi, type TestApi } from '../testing/api.ts';
import { testChain, type TestAgent, type TestChain } from '../testing/chain.ts';
import { testIngest } from '../testing/ingest.ts';
import { SampleAgent } from '../testing/sample-agent.ts';

let chain: TestChain;
let api: TestApi;
let agent: TestAgent;
let desktop: SampleAgent;

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  const nats = { url: chain.nats.url, secrets: chain.secrets };
  api = await testApi(inject('postgresUrl'), { database: chain.database, nats });
  await vi.waitUntil(() => api.deps.hub.connected(), { timeout: 10_000 });
  agent = await chain.enrol();
  desktop = new SampleAgent(chain.application, Date.now() - 86_400_000);
});
afterAll(async () => {
  await api.close();
  await chain.close();
});

const room = async () => (await api.call('GET', 'record-stream')).json.room;

async function send(): Promise<void> {
  const news = desktop.take({ minutes: 5, document: 0, act: 1, hold: false, send: 'records and snapshot' });
  if (news === null) throw new Error('nothing is sent');
  await agent.send(news.records, news.open);
}

test('an empty stream holds nothing and has all its room', async () => {
  expect(await room()).toEqual({
    bytes: 0,
    maxBytes: 20 * 1024 ** 3,
    waiting: 0,
    oldestAt: null,
    behind: false,
  });
});

test('what is sent waits until it is stored, and is kept then', async () => {
  const before = Date.now();
  for (let n = 0; n < 3; n += 1) await send();
  const sent = await room();
  expect(sent.waiting).toBe(3);
  expect(sent.bytes).toBeGreaterThan(0);
  expect(Math.abs(sent.oldestAt - before)).toBeLessThan(60_000);
  const ingest = await testIngest(chain);
  await expect.poll(async () => (await room()).waiting, { timeout: 10_000 }).toBe(0);
  expect(await room()).toMatchObject({ bytes: sent.bytes, oldestAt: sent.oldestAt, behind: false });
  await ingest.stop();
  await send();
  expect((await room()).waiting).toBe(1);
});

test('that the servers do not answer is told, and not taken for well', async () => {
  await chain.nats.kill('SIGKILL');
  const answer = await api.call('GET', 'record-stream');
  expect(answer).toMatchObject({ status: 200, json: { room: null } });
  await chain.restartNats();
  await expect.poll(async () => (await room())?.waiting, { timeout: 20_000 }).toBe(1);
});

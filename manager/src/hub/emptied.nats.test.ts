import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createLog } from '../log.ts';
import { testChain, type TestChain } from '../testing/chain.ts';
import { testIngest } from '../testing/ingest.ts';
import { SampleAgent, type Step } from '../testing/sample-agent.ts';
import { connectHub } from './index.ts';

const STEP: Step = { minutes: 5, document: 0, act: 1, hold: false, send: 'records and snapshot' };
let chain: TestChain;

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
});
afterAll(() => chain.close());

const stored = async (): Promise<number> =>
  (await chain.database.pool.query<{ n: number }>('select count(*)::int as n from segment')).rows[0]?.n ?? 0;

test('a NATS server that comes back without its data gets its streams again, and ingest goes on with what agents send', async () => {
  const agent = await chain.enrol();
  const desktop = new SampleAgent(chain.application, Date.now() - 86_400_000);
  const credentials = chain.secrets.manager;
  const log = createLog('test', 'silent');
  const hub = connectHub({ servers: chain.nats.url, credentials, log });
  let connected = 0;
  hub.onConnected(() => (connected += 1));
  const ingest = await testIngest(chain);
  const work = async (changes: number): Promise<void> => {
    for (let n = 0; n < changes; n += 1) {
      const news = desktop.take({ ...STEP, act: n % 2 === 0 ? 2 : 1 });
      await agent.send(news!.records, news!.open);
    }
  };
  const first = desktop.take(STEP);
  await agent.send(first!.records, first!.open);
  await work(6);
  await expect.poll(stored).toBe(6);
  const before = connected;

  await chain.emptyNats();
  // Then the Manager pushes the settings of all agents again.
  await expect.poll(() => connected, { timeout: 15_000 }).toBeGreaterThan(before);
  await work(6);
  await expect.poll(stored, { timeout: 20_000 }).toBe(12);
  await hub.close();
  await ingest.stop();
}, 60_000);

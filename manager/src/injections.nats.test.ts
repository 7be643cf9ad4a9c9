import {
  configDirectGetSubject,
  downSubject,
  encodeBatch,
  HEADER,
  macHeader,
  openEnvelope,
  presenceSubject,
  recordSubject,
  type TrustedKey,
} from '@process-meter/contract';
import { headers } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, expect, inject, test, vi } from 'vitest';
import type { RunningIngest } from './ingest/ingest.ts';
import { agentCredentials } from './nats-trust/index.ts';
import { testApi, type TestApi } from './testing/api.ts';
import { testChain, type TestAgent, type TestChain } from './testing/chain.ts';
import { testIngest } from './testing/ingest.ts';

/**
 * The server checks the subject that is published, never the reply subject, and answers with full rights of its own: its
 * answers can be made to land where the asker may not publish. Nothing may come of them there.
 */
const eventually = { timeout: 15_000, interval: 30 };
let chain: TestChain;
let ingest: RunningIngest;
let api: TestApi;
let attacker: TestAgent;
let victim: TestAgent;
const heard: Uint8Array[] = [];

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  ingest = await testIngest(chain);
  const nats = { url: chain.nats.url, secrets: chain.secrets };
  api = await testApi(inject('postgresUrl'), { database: chain.database, nats });
  attacker = await chain.enrol();
  victim = await chain.enrol();
  await vi.waitUntil(() => api.deps.hub.connected(), eventually);
  // Both get a configuration, which lies in the bucket from then on.
  api.deps.configPush.changed(chain.account);
  const subject = configDirectGetSubject('default', attacker.name);
  const length = async () => (await attacker.connection.request(subject, '')).data.length;
  await vi.waitUntil(async () => (await length()) > 100, eventually);
  victim.connection.subscribe(downSubject('default', victim.name), {
    callback: (_, message) => void heard.push(message.data),
  });
  await victim.connection.flush();
});
afterAll(async () => {
  await api.close();
  await ingest.stop();
  await chain.close();
});
beforeEach(() => {
  heard.length = 0;
});

const forgedLetters = async (): Promise<{ agent_id: number | null; subject: string }[]> =>
  (
    await chain.database.pool.query<{ agent_id: number | null; subject: string }>(
      `select agent_id, subject from dead_letter where code = 'PM-6001' order by id`,
    )
  ).rows;
const rangesOf = async (agent: TestAgent): Promise<number> =>
  (await chain.database.pool.query('select 1 from agent_range where agent_id = $1', [agent.id])).rows.length;

/** A good batch of the attacker's own, whose acknowledgement is to go somewhere else. */
function sendWithReply(reply: string): void {
  const { subject, epoch, key, kid } = attacker;
  const at = Date.now();
  const { body, encoding } = encodeBatch({
    account: 'default',
    agent: attacker.name,
    epoch,
    sentAt: at,
    records: [],
    open: { rev: at, asOf: at, watchedFrom: null, documents: [] },
  });
  const head = headers();
  head.set(HEADER.mac, macHeader(key, kid, { subject, epoch, seq: 0, body }));
  head.set(HEADER.epoch, String(epoch));
  head.set(HEADER.seq, '0');
  head.set(HEADER.encoding, encoding);
  attacker.connection.publish(subject, body, { headers: head, reply });
}
const readConfigWithReply = (reply: string): void =>
  attacker.connection.publish(configDirectGetSubject('default', attacker.name), '', { reply });

test.each([
  ['the acknowledgement of a batch', sendWithReply],
  ['the own configuration', readConfigWithReply],
])(
  '%s that is made to land among the records of another is forged, and not attributed to it',
  async (_, act) => {
    const before = (await forgedLetters()).length;
    act(recordSubject('default', victim.name));
    await expect.poll(async () => (await forgedLetters()).length, eventually).toBe(before + 1);
    expect((await forgedLetters()).at(-1)).toEqual({ agent_id: null, subject: victim.subject });
    expect(await rangesOf(victim)).toBe(0);
  },
);

test.each([
  ['the acknowledgement of a batch', sendWithReply, 'PM-7005'],
  ['the own configuration', readConfigWithReply, 'PM-7002'],
])('%s that is made to go down to another agent is refused there', async (_, act, code) => {
  act(downSubject('default', victim.name));
  await expect.poll(() => heard.length, eventually).toBe(1);
  const credentials = agentCredentials(chain.secrets);
  const trusted: TrustedKey[] = [...credentials.trusted];
  const bytes = heard[0]!;
  expect(() => openEnvelope(bytes, { agent: victim.name, trusted, now: Date.now() })).toThrow(
    expect.objectContaining({ code }),
  );
});

test('an answer that is made to land as the presence of another makes nobody present', async () => {
  const forged = async (): Promise<number> => {
    const metric = await api.deps.metrics.getSingleMetric('pm_presence_messages_total')!.get();
    return metric.values.find(({ labels }) => labels['result'] === 'forged')?.value ?? 0;
  };
  const before = await forged();
  sendWithReply(presenceSubject('default', victim.name));
  readConfigWithReply(presenceSubject('default', victim.name));
  await expect.poll(forged, eventually).toBe(before + 2);
  await api.presence.flush();
  const { rows } = await chain.database.pool.query('select last_seen_at from agent where id = $1', [
    victim.id,
  ]);
  expect(rows).toEqual([{ last_seen_at: null }]);
});

test('what goes down is answered by nobody: no service of the product replies where a stranger wants', async () => {
  const answers: unknown[] = [];
  victim.connection.subscribe(`_INBOX_${victim.name}.x`, {
    callback: (_, message) => void answers.push(message),
  });
  await victim.connection.flush();
  const before = (await forgedLetters()).length;
  attacker.connection.publish(presenceSubject('default', attacker.name), '{}', {
    reply: `_INBOX_${victim.name}.x`,
  });
  attacker.connection.publish(attacker.subject, 'x', { reply: `_INBOX_${attacker.name}.none` });
  await expect.poll(async () => (await forgedLetters()).length, eventually).toBe(before + 1);
  await victim.connection.flush();
  expect(answers).toEqual([]);
});

import { zstdCompressSync } from 'node:zlib';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import {
  deriveAgentKey,
  encodeBatch,
  ERROR_CODES,
  generateNkey,
  macHeader,
  mintUserJwt,
  recordSubject,
  type AgentRecord,
  type ErrorCode,
} from '@process-meter/contract';
import { Registry } from 'prom-client';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { natsAuthenticator } from '../nats-trust/index.ts';
import { publish, testChain, type RawBatch, type TestAgent, type TestChain } from '../testing/chain.ts';
import { testIngest } from '../testing/ingest.ts';
import type { RunningIngest } from './ingest.ts';

const BASE = Date.UTC(2026, 10, 20, 8);
const DAY = 86_400_000;
const ID = '0000000000000001';
const eventually = { timeout: 15_000, interval: 30 };
const registry = new Registry();
let chain: TestChain;
let ingest: RunningIngest;

/** A sender without a NATS server that knows better: what gets past the rights must not get past ingest. */
let stranger: NatsConnection;
let agent: TestAgent;
let revoked: TestAgent;
let good: TestAgent;

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  ingest = await testIngest(chain, { PM_ACK_WAIT_MS: '2000' }, registry);
  stranger = await connectStranger();
  agent = await chain.enrol();
  revoked = await chain.enrol();
  good = await chain.enrol();
  await query('update agent set revoked_at = now() where id = $1', revoked.id);
});
afterAll(async () => {
  await stranger.close();
  await ingest.stop();
  await chain.close();
});

function connectStranger(): Promise<NatsConnection> {
  const key = generateNkey('user');
  const rights = { publish: ['rec.>'], subscribe: ['_INBOX_s.>'] };
  const jwt = mintUserJwt(
    chain.secrets.account,
    { publicKey: key.publicKey, name: 's', rights, expiresAt: Date.now() + 3_600_000 },
    Date.now(),
  );
  return connect({
    servers: chain.nats.url,
    authenticator: natsAuthenticator({ jwt, seed: key.seed }),
    inboxPrefix: '_INBOX_s',
  });
}

async function query<Row extends object>(sql: string, ...parameters: unknown[]): Promise<Row[]> {
  return (await chain.database.pool.query<Row>(sql, parameters)).rows;
}

/** The good batch that a case spoils. */
interface Sent extends RawBatch {
  agent: TestAgent;
  revoked: TestAgent;
  /** Its MAC, for what is sent again otherwise. */
  mac: string;
}
type Change = (sent: Sent) => Partial<RawBatch>;
type Wire = Record<string, unknown>;

const segment = (change: object = {}): AgentRecord =>
  ({
    kind: 'segment',
    seq: 1,
    session: ID,
    document: ID,
    application: chain.application,
    started: BASE,
    ended: BASE + 1000,
    state: 1,
    cause: 2,
    flags: 0,
    ...change,
  }) as AgentRecord;
const session = (change: object): AgentRecord =>
  ({
    kind: 'session',
    seq: 1,
    session: ID,
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
    ...change,
  }) as AgentRecord;

const encoded = ({ agent, epoch }: Sent, records: AgentRecord[]): Partial<RawBatch> =>
  encodeBatch({ account: 'default', agent: agent.name, epoch, sentAt: BASE, records, open: null });
const records =
  (make: () => AgentRecord): Change =>
  (sent) =>
    encoded(sent, [make()]);
const bytes =
  (body: Uint8Array | string, encoding = 'identity'): Change =>
  () => ({ body: Buffer.from(body), encoding });
/** A good batch whose plain JSON is changed. */
const json =
  (change: (text: string) => string): Change =>
  (sent) => ({ body: Buffer.from(change(String(Buffer.from(sent.body)))) });
const wire = (change: (value: Wire) => unknown): Change =>
  json((text) => JSON.stringify(change(JSON.parse(text) as Wire)));
const columns = (change: Wire): Change =>
  wire((value) => ({ ...value, g: { ...(value['g'] as Wire), ...change } }));

/** The good batch in a zstd frame that asks for a window of 128 MB before it gives the first byte. */
const wideWindow: Change = ({ body }) => {
  const block = Buffer.alloc(3);
  block.writeUIntLE((body.byteLength << 3) | 1, 0, 3);
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88]);
  return { body: Buffer.concat([head, block, body]), encoding: 'zstd' };
};

const CASES: [name: string, code: ErrorCode, change: Change][] = [
  ['empty', 'PM-6002', bytes('')],
  ['no JSON', 'PM-6002', bytes('{"v":1')],
  ['truncated', 'PM-6002', json((text) => text.slice(0, -20))],
  ['JSON that is no object', 'PM-6005', bytes('[1,2,3]')],
  ['bytes that are no UTF-8', 'PM-6002', bytes(Buffer.from('7b2276223a312c2278223a22c328227d', 'hex'))],
  ['a column twice', 'PM-6002', json((text) => text.replace('"st":[1]', '"st":[1],"st":[3]'))],
  ['a key twice at the top', 'PM-6002', json((text) => text.replace('"n":1', '"n":1,"n":1'))],
  ['a column missing', 'PM-6005', columns({ st: undefined })],
  ['an unknown column', 'PM-6005', columns({ zz: [1] })],
  ['columns of different length', 'PM-6005', columns({ st: [1, 2] })],
  ['an index outside the dictionary', 'PM-6005', columns({ s: [7] })],
  ['a state that is none', 'PM-6005', columns({ st: [4] })],
  ['a number that is not whole', 'PM-6005', columns({ c: [1.5] })],
  ['a number as text', 'PM-6005', columns({ c: ['2'] })],
  ['a negative length', 'PM-6005', columns({ l: [-1] })],
  ['a length beyond the cut', 'PM-6005', columns({ l: [90_000_000] })],
  ['an application beyond int4', 'PM-6005', columns({ a: [2 ** 31] })],
  ['a sequence beyond exact numbers', 'PM-6005', wire((value) => ({ ...value, q: 2 ** 53 }))],
  ['an infinite number', 'PM-6005', json((text) => text.replace('"c":[2]', '"c":[1e999]'))],
  ['an epoch of 0', 'PM-6005', wire((value) => ({ ...value, e: 0 }))],
  ['more records than it has', 'PM-6005', wire((value) => ({ ...value, n: 2 }))],
  ['too many records', 'PM-6005', wire((value) => ({ ...value, n: 101 }))],
  ['a process id beyond int4', 'PM-6005', records(() => session({ pid: 2 ** 31 }))],
  ['a revision beyond int4', 'PM-6005', records(() => session({ revision: 2 ** 40 }))],
  ['a NUL in a text', 'PM-6005', records(() => session({ user: 'a\0b' }))],
  ['a text that is too long', 'PM-6005', records(() => session({ user: 'x'.repeat(300) }))],
  [
    'an instant before 2001',
    'PM-6005',
    wire((value) => ({ ...value, b: 978_307_200_000, g: { ...(value['g'] as Wire), t: [-5000] } })),
  ],
  [
    'a record that ends before it begins',
    'PM-6005',
    records(() => session({ ended: BASE - 1, endCause: 1 })),
  ],
  ['a segment among the rows', 'PM-6005', wire((value) => ({ ...value, r: [segment()] }))],
  ['oversized', 'PM-6003', bytes(Buffer.alloc(300_000, 32))],
  ['a bomb', 'PM-6003', bytes(zstdCompressSync(Buffer.alloc(50_000_000)), 'zstd')],
  ['a window of 128 MB', 'PM-6002', wideWindow],
  [
    'zstd that is cut',
    'PM-6002',
    bytes(zstdCompressSync(Buffer.from('x'.repeat(2000))).subarray(0, 20), 'zstd'),
  ],
  ['bytes that are no zstd', 'PM-6002', bytes('not compressed', 'zstd')],
  ['an unknown encoding', 'PM-6002', bytes('{}', 'br')],
  ['a NUL in a header and in the reason', 'PM-6002', bytes('{}', 'a\0b')],
  ['an unknown version', 'PM-6004', wire((value) => ({ ...value, v: 99 }))],
  [
    'future-dated',
    'PM-6006',
    records(() => segment({ started: Date.now() + DAY, ended: Date.now() + DAY + 1 })),
  ],
  [
    'long past',
    'PM-6011',
    records(() => segment({ started: BASE - 500 * DAY, ended: BASE - 500 * DAY + 1 })),
  ],
  ['an application of nobody', 'PM-6008', records(() => segment({ application: 999_999 }))],
  ['naming another agent', 'PM-6009', wire((value) => ({ ...value, a: 'zzzzzzzz2345' }))],
  ['naming another account', 'PM-6009', wire((value) => ({ ...value, c: 'other' }))],
  ['a body of another sequence than its header', 'PM-6002', wire((value) => ({ ...value, q: 2 }))],
  ['a body of another epoch than its header', 'PM-6002', wire((value) => ({ ...value, e: 1 }))],
  ['coming from a revoked agent', 'PM-6010', ({ revoked }) => signedBy(revoked)],
  ['coming from an agent that was never enrolled', 'PM-6007', () => signedBy({ name: 'yyyyyyyy2345' })],
  [
    'for an account the agent is not of',
    'PM-6009',
    ({ agent }) => signedBy({ name: agent.name, account: 'other' }),
  ],
  ['re-sent under another subject', 'PM-6001', ({ revoked, mac }) => ({ subject: revoked.subject, mac })],
  ['re-sent as of another epoch', 'PM-6001', ({ epoch, mac }) => ({ epoch: epoch + 1, mac })],
  ['re-sent as a later sequence', 'PM-6001', ({ mac }) => ({ seq: 1000, mac })],
  ['without a MAC', 'PM-6001', () => ({ mac: '' })],
  ['the MAC of another key', 'PM-6001', () => ({ key: Buffer.alloc(32, 1) })],
  ['an unknown key id', 'PM-6001', () => ({ kid: 'k9' })],
  [
    'the key of another agent',
    'PM-6001',
    () => ({ key: deriveAgentKey(chain.secrets.masterMac.key, chain.secrets.masterMac.kid, 'zzzzzzzz2345') }),
  ],
];

/** A good batch of another sender, signed with that sender's own key. */
function signedBy(sender: { name: string; account?: string }): Partial<RawBatch> {
  const account = sender.account ?? 'default';
  const { key, kid } = chain.secrets.masterMac;
  const of = { account, agent: sender.name, epoch: agent.epoch, sentAt: BASE };
  const { body } = encodeBatch({ ...of, records: [segment()], open: null });
  return { subject: recordSubject(account, sender.name), body, key: deriveAgentKey(key, kid, sender.name) };
}

async function send(name: string, change: Change): Promise<void> {
  const { subject, epoch, key, kid } = agent;
  const base = { subject, epoch, seq: 1, key, kid, encoding: 'identity', messageId: name };
  const { body } = encodeBatch({
    account: 'default',
    agent: agent.name,
    epoch,
    sentAt: BASE,
    records: [segment()],
    open: null,
  });
  const mac = macHeader(key, kid, { subject, epoch, seq: 1, body });
  const sent = { ...base, body };
  await publish(stranger, { ...sent, ...change({ ...sent, agent, revoked, mac }) });
}

const committed = async (of: TestAgent): Promise<number> =>
  (await query('select 1 from segment where agent_id = $1', of.id)).length;

test('every bad message is kept with its code and counted by it, and the good ones around it are committed', async () => {
  let seq = 0;
  const sendGood = (): Promise<void> => good.send([{ ...segment(), seq: (seq += 1) }]);
  for (const [name, , change] of CASES) {
    await sendGood();
    await send(name, change);
  }
  await sendGood();
  await expect.poll(() => committed(good), eventually).toBe(CASES.length + 1);
  await expect
    .poll(async () => (await query('select 1 from dead_letter')).length, eventually)
    .toBe(CASES.length);
  const letters = await query<{ name: string; code: string }>(
    `select headers->>'Nats-Msg-Id' as name, code from dead_letter`,
  );
  expect(Object.fromEntries(letters.map(({ name, code }) => [name, code]))).toEqual(
    Object.fromEntries(CASES.map(([name, code]) => [name, code])),
  );
  expect(await committed(agent)).toBe(0);

  const counted = await registry.getSingleMetric('process_meter_ingest_dead_letters_total')!.get();
  const byCode = Object.groupBy(letters, ({ code }) => code);
  expect(Object.fromEntries(counted.values.map(({ labels, value }) => [labels['code'], value]))).toEqual(
    Object.fromEntries(Object.entries(byCode).map(([code, all]) => [code, all!.length])),
  );
});

test('each code that a record can be refused with is among them', () => {
  const all = Object.keys(ERROR_CODES).filter((code) => code.startsWith('PM-6'));
  expect([...new Set(CASES.map(([, code]) => code))].toSorted()).toEqual(all.toSorted());
});

test('what is forged, or of an agent unknown here, is told to the account it came in for and attributed to no agent', async () => {
  const letters = await query<{ code: string; account_id: number | null; agent_id: number | null }>(
    'select code, account_id, agent_id from dead_letter',
  );
  expect(new Set(letters.map((letter) => letter.account_id))).toEqual(new Set([chain.account]));
  const nobodys = new Set(letters.filter(({ agent_id }) => agent_id === null).map(({ code }) => code));
  const somebodys = letters.filter(({ agent_id }) => agent_id !== null).map(({ code }) => code);
  expect([...nobodys].toSorted()).toEqual(['PM-6001', 'PM-6007']);
  expect(somebodys.filter((code) => nobodys.has(code))).toEqual([]);
});

test('what is sent again as it was is counted, and stored once', async () => {
  const before = await committed(good);
  const duplicates = async (): Promise<number> =>
    (await registry.getSingleMetric('process_meter_ingest_duplicates_total')!.get()).values[0]?.value ?? 0;
  const counted = await duplicates();
  await good.send([segment()]);
  await expect.poll(duplicates, eventually).toBe(counted + 1);
  expect(await committed(good)).toBe(before);
});

test('what passes validation and the database still refuses becomes one dead letter, and the rest of its flush is committed', async () => {
  await query('alter table segment add constraint refused check (flags <> 77) not valid');
  const fresh = await chain.enrol();
  const batch = (seq: number, flags: number): Promise<void> => fresh.send([{ ...segment({ flags }), seq }]);
  await Promise.all([1, 2, 3, 4, 5, 6, 7].map((seq) => batch(seq, seq === 4 ? 77 : 0)));
  await expect.poll(() => committed(fresh), eventually).toBe(6);
  const refused = async () => query('select code, reason from dead_letter where agent_id = $1', fresh.id);
  await expect.poll(refused, eventually).toEqual([{ code: 'PM-6005', reason: 'The database refuses it.' }]);
});

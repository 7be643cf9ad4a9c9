import { deadLetterReplaySchema, type AgentRecord, type DeadLetterReplay } from '@process-meter/contract';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readLosses } from '../completeness/index.ts';
import type { RunningIngest } from '../ingest/ingest.ts';
import { testApi, type TestApi } from '../testing/api.ts';
import { publish, testChain, type TestAgent, type TestChain } from '../testing/chain.ts';
import { testIngest } from '../testing/ingest.ts';

const BASE = Date.UTC(2026, 10, 20, 8);
const SECRET = 'Offer to Ann 4711';
const NOT_YET = 900_001;
const eventually = { timeout: 15_000, interval: 30 };
let chain: TestChain;
let ingest: RunningIngest;
let api: TestApi;

beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  ingest = await testIngest(chain, { PM_ACK_WAIT_MS: '2000' });
  const nats = { url: chain.nats.url, secrets: chain.secrets };
  api = await testApi(inject('postgresUrl'), { database: chain.database, nats });
});
afterAll(async () => {
  await api.close();
  await ingest.stop();
  await chain.close();
});

const ID = '0000000000000001';
const segments = (application: number, first: number, count: number): AgentRecord[] =>
  Array.from({ length: count }, (_, i) => ({
    kind: 'segment',
    seq: first + i,
    session: ID,
    document: ID,
    application,
    started: BASE + (first + i) * 1000,
    ended: BASE + (first + i + 1) * 1000,
    state: 1,
    cause: 2,
    flags: 0,
  }));

async function query<Row extends object>(sql: string, ...parameters: unknown[]): Promise<Row[]> {
  return (await chain.database.pool.query<Row>(sql, parameters)).rows;
}
const lettersOf = (agent: TestAgent): Promise<{ id: string; code: string; replayed_at: Date | null }[]> =>
  query('select id, code, replayed_at from dead_letter where agent_id = $1 order by id', agent.id);
const committed = async (agent: TestAgent): Promise<number> =>
  (await query('select 1 from segment where agent_id = $1', agent.id)).length;
/** An application with this id, which agents named before it was known here. */
const makeKnown = (id: number): Promise<object[]> =>
  query(
    `insert into application (id, account_id, slug, name, rules, inactive_after_ms, timeout_after_ms,
       count_busy_as_active, busy_cpu_share, title_privacy, path_privacy, revision)
     overriding system value
     values ($1::int, $2, 'a' || $1, 'Late', '[]', 60000, 900000, false, 0.4, 'keep', 'keep', 1)`,
    id,
    chain.account,
  );

async function tried(): Promise<Record<string, number>> {
  const metric = await api.deps.metrics.getSingleMetric('process_meter_dead_letters_tried_total')!.get();
  return Object.fromEntries(metric.values.map(({ labels, value }) => [labels['outcome'], value]));
}

async function replay(path: string, body: object = {}): Promise<DeadLetterReplay> {
  const answer = await api.call('POST', `dead-letters/${path}`, body);
  expect(answer.status).toBe(200);
  return deadLetterReplaySchema.parse(answer.json);
}

test('after the fix every refused record is committed once, though it was refused twice, sent again and replayed by many at once', async () => {
  const agent = await chain.enrol();
  await agent.send(segments(NOT_YET, 1, 10));
  await agent.send(segments(NOT_YET, 1, 10));
  await agent.send(segments(NOT_YET, 6, 10));
  await expect.poll(() => lettersOf(agent), eventually).toHaveLength(3);
  expect(await replay('replay', { code: 'PM-6008', agent: agent.name })).toMatchObject({
    replayed: 0,
    refused: 3,
    refusal: { code: 'PM-6008' },
  });
  await makeKnown(NOT_YET);
  await agent.send(segments(NOT_YET, 1, 15));
  const many = await Promise.all(
    Array.from({ length: 4 }, () => replay('replay', { code: 'PM-6008', agent: agent.name })),
  );
  const sum = (of: (each: DeadLetterReplay) => number): number =>
    many.reduce((all, each) => all + of(each), 0);
  expect(sum((each) => each.replayed)).toBe(3);
  expect(sum((each) => each.records)).toBe(15);
  expect(sum((each) => each.duplicates)).toBe(15);
  expect(await tried()).toEqual({ 'PM-6008': 3, replayed: 3 });
  expect(await committed(agent)).toBe(15);
  expect(await query('select distinct seq from segment where agent_id = $1', agent.id)).toHaveLength(15);
  expect((await lettersOf(agent)).every((letter) => letter.replayed_at !== null)).toBe(true);
  // What comes after it, with some of the same records, is taken as if nothing had happened.
  await agent.send(segments(NOT_YET, 11, 10));
  await expect.poll(() => committed(agent), eventually).toBe(20);
  const ranges = await query<{ seen: string; parked: string }>(
    'select seen::text, parked::text from agent_range where agent_id = $1',
    agent.id,
  );
  expect(ranges).toEqual([{ seen: '{[1,21)}', parked: '{}' }]);
});

test('the records of a dead letter are a named loss until they are replayed', async () => {
  const agent = await chain.enrol();
  const application = NOT_YET + 4;
  await agent.send(segments(application, 1, 5));
  await expect.poll(() => lettersOf(agent), eventually).toHaveLength(1);
  const losses = async () => {
    const client = await chain.database.pool.connect();
    const found = await readLosses(client, chain.account, { from: BASE, to: BASE + 60_000 });
    client.release();
    return found.filter((loss) => loss.agent === agent.id);
  };
  expect(await losses()).toMatchObject([{ from: BASE + 1000, to: BASE + 6000, lost: 5, reason: 'refused' }]);
  await makeKnown(application);
  await replay('replay', { code: 'PM-6008', agent: agent.name });
  expect(await losses()).toEqual([]);
});

test('a replay dirties what it changes, so that the roll-up holds it', async () => {
  const agent = await chain.enrol();
  const application = NOT_YET + 1;
  await agent.send(segments(application, 1, 3));
  await expect.poll(() => lettersOf(agent), eventually).toHaveLength(1);
  await makeKnown(application);
  const [letter] = await lettersOf(agent);
  expect(await replay(`${letter!.id}/replay`)).toMatchObject({ replayed: 1, records: 3 });
  const rolled = () => query('select ms_active from rollup_quarter where application_id = $1', application);
  await expect.poll(rolled, eventually).toEqual([{ ms_active: '3000' }]);
});

test('what fails again keeps its new reason, and once in cannot be replayed again', async () => {
  const agent = await chain.enrol();
  await agent.send(segments(NOT_YET + 2, 1, 1));
  await expect.poll(() => lettersOf(agent), eventually).toHaveLength(1);
  const id = (await lettersOf(agent))[0]!.id;
  await query('update agent set revoked_at = now() where id = $1', agent.id);
  expect(await replay(`${id}/replay`)).toMatchObject({ refused: 1, refusal: { code: 'PM-6010' } });
  expect(await lettersOf(agent)).toMatchObject([{ code: 'PM-6010', replayed_at: null }]);
  await query('update agent set revoked_at = null where id = $1', agent.id);
  await makeKnown(NOT_YET + 2);
  expect(await replay(`${id}/replay`)).toMatchObject({ replayed: 1, records: 1 });
  expect((await api.call('POST', `dead-letters/${id}/replay`, {})).status).toBe(409);
  expect(await committed(agent)).toBe(1);
});

test('what the database refuses in a replay stays a letter, and nothing of it is kept', async () => {
  const agent = await chain.enrol();
  const application = NOT_YET + 3;
  await agent.send(segments(application, 1, 2));
  await expect.poll(() => lettersOf(agent), eventually).toHaveLength(1);
  await makeKnown(application);
  await query(
    `alter table segment add constraint refused check (application_id <> ${application}) not valid`,
  );
  const kind = { code: 'PM-6008', agent: agent.name };
  expect(await replay('replay', kind)).toMatchObject({ refused: 1, refusal: { code: 'PM-6005' } });
  await query('alter table segment drop constraint refused');
  expect(await replay('replay', { ...kind, code: 'PM-6005' })).toMatchObject({ replayed: 1, records: 2 });
});

test('a letter is shown with a sample that tells no text of the desktop, and what is forged is not opened', async () => {
  const agent = await chain.enrol();
  const raw = { subject: agent.subject, epoch: agent.epoch, seq: 1, key: agent.key, kid: agent.kid };
  const text = JSON.stringify({ v: 1, r: [{ kind: 'document', name: SECRET }], [SECRET]: 1 });
  const sent = { ...raw, body: Buffer.from(text), encoding: 'identity' };
  await publish(agent.connection, sent);
  await publish(agent.connection, { ...sent, mac: 'k1.xxxx' });
  await expect.poll(() => lettersOf(agent), eventually).toHaveLength(1);
  await expect
    .poll(async () => (await query(`select 1 from dead_letter where code = 'PM-6001'`)).length)
    .toBe(1);
  const list = await api.call('GET', 'dead-letters');
  const groups = list.json.groups.filter((group: { code: string }) => /PM-600[15]/.test(group.code));
  expect(groups).toHaveLength(2);
  expect(groups).toContainEqual(
    expect.objectContaining({ code: 'PM-6005', agent: agent.name, computer: 'ws-1', count: 1 }),
  );
  const answers = await Promise.all(
    groups.map((group: { newest: string }) => api.call('GET', `dead-letters/${group.newest}`)),
  );
  const byCode = Object.fromEntries(answers.map(({ json }) => [json.code, json]));
  expect(byCode['PM-6005']).toMatchObject({ seq: 1, epoch: agent.epoch, attempts: 0 });
  expect(byCode['PM-6005'].sample).toContain('kind: document, name: (text of 17)');
  expect(byCode['PM-6001']).toMatchObject({ agent: null, sample: '' });
  for (const { text: all } of [list, ...answers]) expect(all).not.toContain('Ann');
});

test('letters of another account do not exist', async () => {
  const other = await api.otherAccount('other');
  const [letter] = await query<{ id: string }>('select id from dead_letter limit 1');
  expect((await other('GET', 'dead-letters')).json).toMatchObject({ total: 0, groups: [], replayed: 0 });
  expect((await other('GET', `dead-letters/${letter!.id}`)).status).toBe(404);
  expect((await other('POST', `dead-letters/${letter!.id}/replay`, {})).status).toBe(404);
  expect((await other('POST', 'dead-letters/replay', { code: 'PM-6001' })).json).toMatchObject({
    refused: 0,
  });
});

test('a replay needs a session and its anti-forgery token', async () => {
  const headers = { 'content-type': 'application/json' };
  for (const path of ['dead-letters/1/replay', 'dead-letters/replay']) {
    expect((await api.raw('POST', path, { body: '{"code":"PM-6001"}', headers })).status).toBe(401);
  }
});

test('more letters of one code than are kept push out the oldest of that code only, and are counted', async () => {
  const agent = await chain.enrol();
  await query(
    `insert into dead_letter (account_id, agent_id, subject, stream_seq, stream_at, code, reason, headers, body)
     select $1, $2, 'rec.default.x', n, 'epoch', case when n = 1 then 'PM-6003' else 'PM-6004' end, 'old', '{}', 'x'
     from generate_series(1, 2006) n`,
    chain.account,
    agent.id,
  );
  const body = Buffer.from('{"v":2}');
  const { subject, epoch, key, kid } = agent;
  await publish(agent.connection, { subject, epoch, key, kid, seq: 1, body, encoding: 'identity' });
  const kept = async () =>
    query(
      'select code, count(*)::int as n from dead_letter where agent_id = $1 group by code order by code',
      agent.id,
    );
  await expect.poll(kept, eventually).toEqual([
    { code: 'PM-6003', n: 1 },
    { code: 'PM-6004', n: 2000 },
  ]);
  expect((await api.call('GET', 'dead-letters')).json.dropped).toMatchObject({ count: 6 });
});

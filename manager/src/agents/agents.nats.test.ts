import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, headers, type NatsConnection } from '@nats-io/transport-node';
import {
  configDirectGetSubject,
  downSubject,
  enrolResponseSchema,
  generateNkey,
  HEADER,
  inboxPrefix,
  macHeader,
  openEnvelope,
  presenceSubject,
  renewProofText,
  renewResponseSchema,
  type DownMessage,
  type EnrolResponse,
  type Nkey,
  type Presence,
} from '@process-meter/contract';
import { freePort, makeLocalAuthority, startNats, type LocalNats } from '@process-meter/local';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { initSecrets, natsAuthenticator, readSecrets } from '../nats-trust/index.ts';
import { testApi, type TestApi } from '../testing/api.ts';

const dir = mkdtempSync(join(tmpdir(), 'pm-agents-'));
const authority = makeLocalAuthority('corp');
let nats: LocalNats;
let api: TestApi;
let port: number;
const json = { 'content-type': 'application/json' };

const startServer = (): Promise<LocalNats> =>
  startNats({
    port,
    storeDir: join(dir, 'nats'),
    trust: (jwtDir) =>
      readFileSync(join(dir, 'nats-trust.conf'), 'utf8').replace('"./jwt"', JSON.stringify(jwtDir)),
  });

beforeAll(async () => {
  initSecrets(dir, Date.now());
  port = await freePort();
  nats = await startServer();
  api = await testApi(inject('postgresUrl'), {
    nats: { url: nats.url, secrets: readSecrets(dir) },
    authorities: [authority.certificate],
  });
  api.deps.hub.onConnected(() => {
    api.deps.revocations.retry();
    api.deps.configPush.all();
  });
  await eventually(() => api.deps.hub.connected());
});
afterAll(async () => {
  authority.forget();
  await api.close();
  await nats.stop();
  rmSync(dir, { recursive: true });
});

async function eventually(holds: () => boolean | Promise<boolean>, within = 5000): Promise<void> {
  const end = Date.now() + within;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error('it did not come true in time');
    await new Promise((done) => setTimeout(done, 20));
  }
}

const newToken = async (): Promise<string> =>
  String((await api.call('POST', 'enrolment-tokens', { label: 'test' })).json.token);

const enrolBody = (token: string, key: Nkey) => ({
  token,
  publicKey: key.publicKey,
  computer: 'ws-1',
  machine: 'machine-hash',
  user: 'ida',
  desktop: ':1',
  platform: 'linux',
  version: '0.1.0',
});
const post = (path: string, body: object) =>
  api.raw('POST', path, { body: JSON.stringify(body), headers: json });

interface Enrolled extends EnrolResponse {
  key: Nkey;
}

async function enrol(): Promise<Enrolled> {
  const key = generateNkey('user');
  const answer = await post('agents/enrol', enrolBody(await newToken(), key));
  expect(answer.status).toBe(201);
  return { ...enrolResponseSchema.parse(answer.json), key };
}

const connectAs = (agent: Enrolled, jwt = agent.jwt): Promise<NatsConnection> =>
  connect({
    servers: agent.servers,
    authenticator: natsAuthenticator({ jwt, seed: agent.key.seed }),
    inboxPrefix: inboxPrefix(agent.agent),
    reconnect: false,
    timeout: 2000,
  });

async function readConfig(agent: Enrolled, connection: NatsConnection) {
  const answer = await connection.request(configDirectGetSubject(agent.account, agent.agent), '', {
    timeout: 2000,
  });
  return opened(agent, answer.data);
}

function opened(agent: Enrolled, data: Uint8Array): DownMessage {
  return openEnvelope(data, { agent: agent.agent, trusted: agent.trusted, now: Date.now() });
}

test('an agent that enrols can connect and finds its signed configuration', async () => {
  const agent = await enrol();
  const connection = await connectAs(agent);
  const message = await readConfig(agent, connection);
  const authorities = [authority.certificate];
  expect(message).toMatchObject({
    type: 'config',
    to: agent.agent,
    config: { applications: [] },
    authorities,
  });
  expect(agent.authorities).toEqual(authorities);
  await connection.close();
});

test('a token enrols one agent: a second key is refused, the same key is answered again', async () => {
  const token = await newToken();
  const key = generateNkey('user');
  const first = await post('agents/enrol', enrolBody(token, key));
  const again = await post('agents/enrol', enrolBody(token, key));
  expect([again.status, again.json.agent]).toEqual([201, first.json.agent]);
  const thief = await post('agents/enrol', enrolBody(token, generateNkey('user')));
  expect([thief.status, thief.json.code]).toEqual([401, 'PM-4101']);
});

test('one token used by ten at once lets one in', async () => {
  const token = await newToken();
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => post('agents/enrol', enrolBody(token, generateNkey('user')))),
  );
  expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([
    201,
    ...Array.from({ length: 9 }, () => 401),
  ]);
});

test('unknown and expired tokens, a known key and a key of another kind are refused', async () => {
  const key = generateNkey('user');
  expect((await post('agents/enrol', enrolBody('unknown-token', key))).json.code).toBe('PM-4101');
  const expired = await newToken();
  await api.database.pool.query(
    `update enrolment_token set expires_at = now() - interval '1 s' where used_at is null`,
  );
  expect((await post('agents/enrol', enrolBody(expired, key))).json.code).toBe('PM-4101');
  const known = await enrol();
  const twice = await post('agents/enrol', enrolBody(await newToken(), known.key));
  expect([twice.status, twice.json.code]).toEqual([409, 'PM-4009']);
  const wrong = enrolBody(await newToken(), generateNkey('account'));
  expect((await post('agents/enrol', wrong)).status).toBe(400);
});

test('the database and the list of tokens never show a token', async () => {
  const token = await newToken();
  const { rows } = await api.database.pool.query(`select * from enrolment_token`);
  expect(JSON.stringify(rows.map((row) => ({ ...row, token_hash: String(row.token_hash) })))).not.toContain(
    token,
  );
  expect((await api.call('GET', 'enrolment-tokens')).text).not.toContain(token);
});

test('an agent renews by a signature of its key, and the new credentials connect', async () => {
  const agent = await enrol();
  const at = Date.now();
  const proof = (key: Nkey, when = at) => ({
    agent: agent.agent,
    at: when,
    signature: key.sign(Buffer.from(renewProofText(agent.agent, when))).toString('base64url'),
  });
  const renewed = await post('agents/renew', proof(agent.key));
  expect(renewed.status).toBe(200);
  const connection = await connectAs(agent, String(renewed.json.jwt));
  await connection.close();
  const { jwt, sealed } = renewResponseSchema.parse(renewed.json);
  expect(opened(agent, Buffer.from(sealed ?? '', 'base64url'))).toMatchObject({
    type: 'credentials',
    jwt,
    authorities: [authority.certificate],
  });
  for (const bad of [
    proof(generateNkey('user')),
    proof(agent.key, at - 360_000),
    proof(agent.key, at + 360_000),
  ]) {
    const answer = await post('agents/renew', bad);
    expect([answer.status, answer.json.code]).toEqual([401, 'PM-4103']);
  }
  const unknown = await post('agents/renew', { ...proof(agent.key), agent: 'zzzzzzzzzzzz' });
  expect([unknown.status, unknown.json.code]).toEqual([401, 'PM-4103']);
  expect((await post('agents/renew', { agent: 'x' })).status).toBe(400);
});

test('a change of the applications reaches a connected agent at once, and one that connects later', async () => {
  const here = await enrol();
  const later = await enrol();
  const connection = await connectAs(here);
  const pushes: DownMessage[] = [];
  connection.subscribe(downSubject(here.account, here.agent), {
    callback: (_error, message) => void pushes.push(opened(here, message.data)),
  });
  await connection.flush();
  const added = await api.call('POST', 'applications', { name: 'Draw', rules: [{ executable: 'draw' }] });
  await eventually(() => pushes.some((message) => message.type === 'config'));
  expect(pushes.at(-1)).toMatchObject({
    config: {
      revision: added.json.revision,
      applications: [{ slug: 'draw', rules: [{ executable: 'draw' }] }],
    },
  });
  await api.deps.configPush.settled();
  const late = await connectAs(later);
  expect(await readConfig(later, late)).toMatchObject({ config: { revision: added.json.revision } });
  await Promise.all([connection.close(), late.close()]);
});

const presenceOf = (agent: Enrolled, change: Partial<Presence> = {}): Presence => ({
  v: 1,
  agent: agent.agent,
  epoch: 7,
  at: Date.now(),
  version: '0.2.0',
  appliedRevision: 1,
  waiting: 3,
  oldestWaiting: Date.now() - 5000,
  lastSeq: 42,
  openSessions: 0,
  credentialsExpire: agent.jwtExpiresAt,
  phase: 'running',
  ...change,
});

function say(connection: NatsConnection, agent: Enrolled, presence: Presence, key = agent.macKey): void {
  const subject = presenceSubject(agent.account, agent.agent);
  const body = Buffer.from(JSON.stringify(presence));
  const fields = headers();
  const input = { subject, epoch: presence.epoch, seq: presence.lastSeq, body };
  fields.set(HEADER.mac, macHeader(Buffer.from(key, 'base64url'), agent.macKid, input));
  fields.set(HEADER.epoch, String(presence.epoch));
  fields.set(HEADER.seq, String(presence.lastSeq));
  connection.publish(subject, body, { headers: fields });
}

const seen = async (agent: Enrolled) => {
  await api.presence.flush();
  return (await api.call('GET', `agents/${agent.agent}`)).json;
};

test('an agent that says it is there is connected, and away when it says good-bye', async () => {
  const agent = await enrol();
  expect((await seen(agent)).status).toBe('neverSeen');
  const connection = await connectAs(agent);
  say(connection, agent, presenceOf(agent));
  await eventually(async () => (await seen(agent)).status === 'connected');
  expect(await seen(agent)).toMatchObject({ version: '0.2.0', waiting: 3, appliedRevision: 1 });
  say(connection, agent, presenceOf(agent, { phase: 'leaving' }));
  await eventually(async () => (await seen(agent)).status === 'away');
  await connection.close();
});

test('presence that does not verify, is old, or cannot be parsed changes nothing', async () => {
  const agent = await enrol();
  const connection = await connectAs(agent);
  say(connection, agent, presenceOf(agent), Buffer.alloc(32, 1).toString('base64url'));
  connection.publish(presenceSubject(agent.account, agent.agent), 'garbage');
  await connection.flush();
  expect((await seen(agent)).status).toBe('neverSeen');
  say(connection, agent, presenceOf(agent, { version: 'newer' }));
  await eventually(async () => (await seen(agent)).version === 'newer');
  say(connection, agent, presenceOf(agent, { version: 'older', at: Date.now() - 60_000 }));
  say(connection, agent, presenceOf(agent, { agent: 'another-agent', version: 'wrong' }));
  await connection.flush();
  expect((await seen(agent)).version).toBe('newer');
  await connection.close();
});

test('a revoked agent is cut off at once, cannot come back, and is shown as revoked', async () => {
  const agent = await enrol();
  const connection = await connectAs(agent);
  const cutOff = connection.closed();
  const answer = await api.call('POST', `agents/${agent.agent}/revoke`, {});
  expect(answer.status).toBe(204);
  await cutOff;
  await expect(connectAs(agent)).rejects.toThrow(/authorization|revoked/i);
  const at = Date.now();
  const signature = agent.key.sign(Buffer.from(renewProofText(agent.agent, at))).toString('base64url');
  const renewed = await post('agents/renew', { agent: agent.agent, at, signature });
  expect([renewed.status, renewed.json.code]).toEqual([403, 'PM-4102']);
  expect((await api.call('GET', `agents/${agent.agent}`)).json.status).toBe('revoked');
  // Also what a renewal under way signed a moment later is void.
  const late = api.deps.credentials.userJwt(
    { account: agent.account, agent: agent.agent, publicKey: agent.key.publicKey },
    Date.now() + 2000,
  );
  await expect(connectAs(agent, late.jwt)).rejects.toThrow(/authorization|revoked/i);
});

test('the list counts agents by how they stand', async () => {
  const list = (await api.call('GET', 'agents')).json;
  expect(list.total).toBe(list.agents.length);
  expect(Object.values<number>(list.counts).reduce((a, b) => a + b, 0)).toBe(list.total + 1);
  expect(list.counts.revoked).toBe(1);
  const revoked = (await api.call('GET', 'agents?kind=revoked')).json;
  expect(revoked.agents.map((agent: { status: string }) => agent.status)).toEqual(['revoked']);
});

test('agents of another account cannot be seen or revoked', async () => {
  const agent = await enrol();
  const other = await api.otherAccount('other');
  expect((await other('GET', 'agents')).json.agents).toEqual([]);
  expect((await other('GET', `agents/${agent.agent}`)).status).toBe(404);
  expect((await other('POST', `agents/${agent.agent}/revoke`, {})).status).toBe(404);
  expect((await api.call('GET', `agents/${agent.agent}`)).json.status).toBe('neverSeen');
  expect((await other('GET', 'enrolment-tokens')).json.tokens).toEqual([]);
});

test('an id that is none is refused, an unknown one not found', async () => {
  expect((await api.call('GET', 'agents/NOPE')).status).toBe(400);
  expect((await api.call('GET', 'agents/zzzzzzzzzzzz')).status).toBe(404);
  expect((await api.call('POST', 'agents/zzzzzzzzzzzz/revoke', {})).status).toBe(404);
  expect((await api.call('POST', 'enrolment-tokens', { validHours: 0 })).status).toBe(400);
});

test('readiness knows NATS', async () => {
  expect((await api.raw('GET', '/readyz')).json).toEqual({
    ready: true,
    parts: { database: true, nats: true },
  });
});

test('what is changed and revoked while NATS is away holds when it is back', async () => {
  const kept = await enrol();
  const victim = await enrol();
  await nats.kill('SIGKILL');
  await eventually(() => !api.deps.hub.connected());
  const added = await api.call('POST', 'applications', { name: 'Later', rules: [{ executable: 'later' }] });
  expect(added.status).toBe(201);
  const revoked = await api.call('POST', `agents/${victim.agent}/revoke`, {});
  expect([revoked.status, revoked.json.code]).toEqual([503, 'PM-5003']);
  expect((await api.call('GET', `agents/${victim.agent}`)).json.status).toBe('revoked');
  const newcomer = await enrol();
  nats = await startServer();
  await eventually(() => api.deps.hub.connected(), 15_000);
  for (const agent of [kept, newcomer]) {
    const connection = await connectAs(agent);
    await eventually(async () => {
      const message = await readConfig(agent, connection).catch(() => undefined);
      return message?.type === 'config' && message.config.revision === added.json.revision;
    });
    await connection.close();
  }
  await eventually(() =>
    connectAs(victim).then(
      (connection) => connection.close().then(() => false),
      () => true,
    ),
  );
});

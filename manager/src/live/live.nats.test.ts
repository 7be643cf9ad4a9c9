import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import {
  agentRights,
  downSubject,
  generateNkey,
  inboxPrefix,
  liveNowSchema,
  mintUserJwt,
  openEnvelope,
  type LiveNow,
} from '@process-meter/contract';
import { startNats, type LocalNats } from '@process-meter/local';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { initSecrets, natsAuthenticator, readSecrets } from '../nats-trust/index.ts';
import { PASSWORD, testApi, type TestApi } from '../testing/api.ts';
import { addAgent, recordUse } from '../testing/recorded.ts';

const dir = mkdtempSync(join(tmpdir(), 'pm-live-'));
const AGENT = 'aaaaaaaaaaaa';
let nats: LocalNats;
let api: TestApi;
let url: string;
let application: number;
let agent: number;

beforeAll(async () => {
  initSecrets(dir, Date.now());
  nats = await startNats({
    trust: (jwtDir) =>
      readFileSync(join(dir, 'nats-trust.conf'), 'utf8').replace('"./jwt"', JSON.stringify(jwtDir)),
  });
  api = await testApi(inject('postgresUrl'), { nats: { url: nats.url, secrets: readSecrets(dir) } });
  url = await api.app.listen({ port: 0, host: '127.0.0.1' });
  application = Number(
    (await api.call('POST', 'applications', { name: 'Draw', rules: [{ executable: 'draw' }] })).json.id,
  );
  agent = await addAgent(api.database.pool, api.account, AGENT);
  await api.database.pool.query(`update agent set phase = 'running', last_seen_at = now()`);
});
afterAll(async () => {
  await api.close();
  await nats.stop();
  rmSync(dir, { recursive: true });
});

interface Stream {
  events: LiveNow[];
  ended: Promise<void>;
  cookie: string;
  csrf: string;
  close(): void;
}

async function watch(): Promise<Stream> {
  const signed = await fetch(`${url}/api/v1/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account: 'default', login: 'admin', password: PASSWORD }),
  });
  const cookie = signed.headers.getSetCookie()[0]!.split(';')[0]!;
  const { csrfToken } = (await signed.json()) as { csrfToken: string };
  const abort = new AbortController();
  const answer = await fetch(`${url}/api/v1/live`, { headers: { cookie }, signal: abort.signal });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([
    200,
    'text/event-stream; charset=utf-8',
  ]);
  const events: LiveNow[] = [];
  const read = async (): Promise<void> => {
    let rest = '';
    for await (const chunk of answer.body!) {
      const parts = (rest + Buffer.from(chunk).toString()).split('\n\n');
      rest = parts.pop()!;
      for (const part of parts) {
        const data = /^event: now\ndata: (.+)$/.exec(part)?.[1];
        if (data !== undefined) events.push(liveNowSchema.parse(JSON.parse(data)));
      }
    }
  };
  const ended = read().catch(() => undefined);
  return { events, ended, cookie, csrf: csrfToken, close: () => abort.abort() };
}

async function eventually(holds: () => boolean, within = 5000): Promise<void> {
  const end = Date.now() + within;
  while (!holds()) {
    if (Date.now() > end) throw new Error('it did not come true in time');
    await new Promise((done) => setTimeout(done, 20));
  }
}

test('a watcher gets the present state at once, then changes only', async () => {
  const stream = await watch();
  await eventually(() => stream.events.length === 1);
  expect(stream.events[0]).toMatchObject({ active: 0, agents: { counts: { connected: 1 } } });
  await new Promise((done) => setTimeout(done, 2500));
  expect(stream.events).toHaveLength(1);
  const now = Date.now();
  const open = { session: 1, document: 11, state: 1, started: now - 60_000, ended: now, open: true };
  await recordUse(api.database.pool, { account: api.account, application, agent, asOf: now, spans: [open] });
  await eventually(() => stream.events.length > 1);
  expect(stream.events.at(-1)).toMatchObject({ active: 1, applications: [{ active: 1, peakToday: 1 }] });
  stream.close();
});

test('a second watcher sees the same without a loop of its own', async () => {
  const first = await watch();
  await eventually(() => first.events.length > 0);
  const second = await watch();
  await eventually(() => second.events.length > 0, 500);
  expect(second.events[0]).toEqual(first.events.at(-1));
  first.close();
  second.close();
});

test('while somebody watches, connected agents are asked, signed, to send changes at once', async () => {
  const key = generateNkey('user');
  const jwt = mintUserJwt(
    api.secrets.account,
    { publicKey: key.publicKey, name: AGENT, rights: agentRights('default', AGENT) },
    Date.now(),
  );
  const connection = await connect({
    servers: nats.url,
    authenticator: natsAuthenticator({ jwt, seed: key.seed }),
    inboxPrefix: inboxPrefix(AGENT),
  });
  const heard: Uint8Array[] = [];
  connection.subscribe(downSubject('default', AGENT), {
    callback: (_error, message) => void heard.push(message.data),
  });
  await connection.flush();
  await new Promise((done) => setTimeout(done, 1200));
  expect(heard).toEqual([]);
  const stream = await watch();
  await eventually(() => heard.length > 0);
  const reader = { agent: AGENT, trusted: api.deps.credentials.trusted, now: Date.now() };
  const message = openEnvelope(heard[0]!, reader);
  expect(message).toMatchObject({ type: 'watch', to: AGENT });
  expect(message.expiresAt - message.issuedAt).toBe(40_000);
  stream.close();
  await connection.close();
});

test('without a session there is no stream', async () => {
  const answer = await fetch(`${url}/api/v1/live`);
  expect(answer.status).toBe(401);
});

test('the server stops at once although somebody watches', async () => {
  const stream = await watch();
  await eventually(() => stream.events.length > 0);
  const start = performance.now();
  await api.app.close();
  await stream.ended;
  expect(performance.now() - start).toBeLessThan(2000);
});

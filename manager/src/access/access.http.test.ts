import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { PASSWORD, testApi, type TestApi } from '../testing/api.ts';

let api: TestApi;
let now = Date.now();
beforeAll(async () => {
  api = await testApi(inject('postgresUrl'), { clock: () => now });
});
afterAll(() => api.close());

const json = { 'content-type': 'application/json' };
const signIn = (body: object, headers = {}) =>
  api.raw('POST', 'sign-in', { body: JSON.stringify(body), headers: { ...json, ...headers } });
const good = { account: 'default', login: 'admin', password: PASSWORD };

test('signing in gives a strict, script-proof cookie and says who it is', async () => {
  const answer = await signIn(good);
  expect(answer.status).toBe(200);
  expect(answer.json.login).toEqual({ name: 'admin', role: 'administrator' });
  const cookie = String(answer.headers['set-cookie']);
  expect(cookie).toMatch(/^pm_session=[\w-]{43}; Max-Age=604800; Path=\/; HttpOnly; SameSite=Strict$/);
});

test('behind TLS the cookie is for TLS only', async () => {
  const answer = await signIn(good, { 'x-forwarded-proto': 'https' });
  expect(String(answer.headers['set-cookie'])).toContain('Secure');
});

test('any wrong field gets the very same answer', async () => {
  const wrong = [
    { ...good, account: 'nobody' },
    { ...good, login: 'root' },
    { ...good, password: 'wrong' },
  ];
  const answers = await Promise.all(wrong.map((body) => signIn(body)));
  for (const answer of answers) {
    expect(answer.status).toBe(401);
    const { requestId: _requestId, ...problem } = answer.json;
    expect(problem).toEqual({
      type: 'https://processmeter.io/errors/PM-4001',
      title: 'Account, login or password is wrong.',
      status: 401,
      code: 'PM-4001',
    });
  }
});

test('an unknown login takes about as long as a wrong password', async () => {
  const time = async (body: object): Promise<number> => {
    const start = performance.now();
    await signIn(body);
    return performance.now() - start;
  };
  await time({ ...good, login: 'warm-up' });
  const median = async (body: object): Promise<number> => {
    const times = [await time(body), await time(body), await time(body)];
    return times.toSorted((a, b) => a - b)[1]!;
  };
  const ratio = (await median({ ...good, login: 'nobody' })) / (await median({ ...good, password: 'wrong' }));
  expect(ratio).toBeGreaterThan(0.25);
  expect(ratio).toBeLessThan(4);
});

test('the database holds a hash of the session, not the session', async () => {
  const answer = await signIn(good);
  const token = /pm_session=([^;]+)/.exec(String(answer.headers['set-cookie']))![1]!;
  const { rows } = await api.database.pool.query<{ found: number }>(
    `select count(*)::int as found from login_session where token_hash = $1`,
    [Buffer.from(token)],
  );
  expect(rows[0]!.found).toBe(0);
});

test('every route of the API but the public ones needs a session', async () => {
  const document = (await api.raw('GET', 'openapi.json')).json as {
    paths: Record<string, Record<string, { operationId: string }>>;
  };
  const open = new Set(['signIn', 'enrolAgent', 'renewAgent']);
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => ({ path, method, operationId })),
  );
  expect(routes.length).toBeGreaterThan(20);
  for (const { path, method, operationId } of routes.filter((route) => !open.has(route.operationId))) {
    const answer = await api.raw(method.toUpperCase() as 'GET', path.replaceAll(/\{\w+\}/g, 'x'));
    expect([operationId, answer.status, answer.json.code]).toEqual([operationId, 401, 'PM-4002']);
  }
});

test('an unsafe request without its anti-forgery token is refused', async () => {
  const cookie = String((await signIn(good)).headers['set-cookie']).split(';')[0]!;
  for (const token of [{}, { 'x-csrf-token': 'wrong' }]) {
    const answer = await api.raw('POST', 'sign-out', { headers: { cookie, ...token } });
    expect([answer.status, answer.json.code]).toEqual([403, 'PM-4005']);
  }
});

test('signing out ends the session', async () => {
  const answer = await signIn(good);
  const cookie = String(answer.headers['set-cookie']).split(';')[0]!;
  const headers = { cookie, 'x-csrf-token': String(answer.json.csrfToken) };
  expect((await api.raw('GET', 'me', { headers })).status).toBe(200);
  expect((await api.raw('POST', 'sign-out', { headers })).status).toBe(204);
  expect((await api.raw('GET', 'me', { headers })).status).toBe(401);
});

test('a session ends after 12 idle hours, and after 7 days in any case', async () => {
  const started = now;
  const headers = { cookie: String((await signIn(good)).headers['set-cookie']).split(';')[0]! };
  const me = async (): Promise<number> => (await api.raw('GET', 'me', { headers })).status;
  const hour = 3_600_000;
  for (let at = started; at < started + 7 * 24 * hour - 11 * hour; at += 11 * hour) {
    now = at;
    expect(await me()).toBe(200);
  }
  now = started + 7 * 24 * hour + 1000;
  expect(await me()).toBe(401);
  now = started;
  const other = { cookie: String((await signIn(good)).headers['set-cookie']).split(';')[0]! };
  now = started + 12 * hour + 1000;
  expect((await api.raw('GET', 'me', { headers: other })).status).toBe(401);
  now = started;
});

test('what cannot be read is refused as the sender’s fault, never as ours', async () => {
  const bodies: [string | Buffer, string, number][] = [
    ['{', 'application/json', 400],
    ['', 'application/json', 400],
    ['[]', 'application/json', 400],
    ['{"account":1,"login":{},"password":[]}', 'application/json', 400],
    [JSON.stringify({ ...good, login: 'ad\u0000min' }), 'application/json', 400],
    [Buffer.from([0xff, 0xfe, 0x00]), 'application/json', 400],
    ['account=default', 'application/x-www-form-urlencoded', 415],
    ['x', 'text/html', 415],
    [JSON.stringify({ ...good, password: 'x'.repeat(300_000) }), 'application/json', 413],
  ];
  for (const [body, type, status] of bodies) {
    const answer = await api.raw('POST', 'sign-in', { body, headers: { 'content-type': type } });
    expect([String(body).slice(0, 30), answer.status]).toEqual([String(body).slice(0, 30), status]);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  }
});

test('addresses that do not exist or cannot be decoded are answered as problems', async () => {
  expect((await api.raw('GET', 'nowhere')).json.code).toBe('PM-4004');
  expect((await api.raw('GET', '/')).json.code).toBe('PM-4004');
  expect((await api.raw('GET', '/api/v1/%zz')).json.code).toBe('PM-4000');
  expect((await api.call('GET', 'applications/%00')).status).toBe(400);
});

test('who tries too often has to wait', async () => {
  const from = { 'x-forwarded-for': '203.0.113.9' };
  const statuses: number[] = [];
  for (let i = 0; i < 31; i += 1) statuses.push((await signIn({ account: '!' }, from)).status);
  expect(statuses.slice(0, 30)).not.toContain(429);
  const answer = await signIn(good, from);
  expect([answer.status, answer.json.code]).toEqual([429, 'PM-4029']);
  expect((await signIn(good, { 'x-forwarded-for': '203.0.113.10' })).status).toBe(200);
});

test('health, readiness and metrics answer without a session', async () => {
  expect((await api.raw('GET', '/healthz')).json).toEqual({ status: 'alive' });
  const ready = await api.raw('GET', '/readyz');
  expect([ready.status, ready.json]).toEqual([503, { ready: false, parts: { database: true, nats: false } }]);
  expect((await api.raw('GET', '/metrics')).text).toContain('pm_http_request_seconds_bucket');
});

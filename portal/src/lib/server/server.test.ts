import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Cookies, RequestEvent } from '@sveltejs/kit';
import { afterEach, describe, expect, it } from 'vitest';
import { portalHandle } from './handle.ts';
import { ManagerClient, ManagerProblem } from './manager-client.ts';
import { safeNext, signInPath } from './panel.ts';
import { passSessionCookie } from './set-cookie.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function answering(
  status: number,
  body: string,
  seen: Record<string, unknown>[] = [],
): Promise<string> {
  const server = createServer((request, response) => {
    seen.push({ url: request.url, ...request.headers });
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  servers.push(server);
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  const address = server.address() as AddressInfo;
  return `http://127.0.0.1:${String(address.port)}`;
}

const problemOf = async (promise: Promise<unknown>): Promise<ManagerProblem['problem']> => {
  const caught: unknown = await promise.catch((error: unknown) => error);
  if (!(caught instanceof ManagerProblem)) throw new Error('expected a problem');
  return caught.problem;
};

describe('the way back after signing in', () => {
  it('stays on this portal', () => {
    for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example', 'javascript:1', '']) {
      expect(safeNext(bad)).toBe('/');
    }
    expect(safeNext('/use/sessions?user=ida')).toBe('/use/sessions?user=ida');
    expect(safeNext(null)).toBe('/');
  });
  it('is carried by the address of the sign-in page', () => {
    expect(signInPath(new URL('http://x/use/sessions?user=ida'))).toBe(
      '/sign-in?next=%2Fuse%2Fsessions%3Fuser%3Dida',
    );
    expect(signInPath(new URL('http://x/'))).toBe('/sign-in');
  });
});

describe('the session cookie', () => {
  it('is kept out of reach of scripts and other sites, whatever the Manager said', () => {
    const set: unknown[] = [];
    const cookies = { set: (...args: unknown[]) => set.push(args) } as unknown as Cookies;
    expect(passSessionCookie(['other=1', 'pm_session=a%2Bb; Path=/; Max-Age=60'], cookies, true)).toBe(true);
    expect(set).toEqual([
      ['pm_session', 'a+b', { path: '/', httpOnly: true, sameSite: 'strict', secure: true, maxAge: 60 }],
    ]);
    expect(passSessionCookie(['other=1'], cookies, true)).toBe(false);
  });
});

describe('every request', () => {
  const signInOver = async (address: string) => {
    const seen: Record<string, unknown>[] = [];
    const handle = portalHandle({ managerUrl: await answering(200, '{}', seen), fetch });
    const event = {
      url: new URL(address),
      route: { id: '/sign-in' },
      locals: {} as App.Locals,
      cookies: { get: () => undefined },
      getClientAddress: () => '192.0.2.7',
    } as unknown as RequestEvent;
    const request = { account: 'default', login: 'ida', password: 'a long password' };
    const response = await handle({
      event,
      resolve: async ({ locals }) => {
        await locals.manager.signIn(request);
        return new Response('');
      },
    });
    return { seen: seen[0], response };
  };
  it('tells the Manager by which scheme the portal was reached', async () => {
    const behindTls = await signInOver('https://meter.example.com/sign-in');
    expect(behindTls.seen).toMatchObject({ 'x-forwarded-proto': 'https', 'x-forwarded-for': '192.0.2.7' });
    const plain = await signInOver('http://localhost:3000/sign-in');
    expect(plain.seen).toMatchObject({ 'x-forwarded-proto': 'http' });
  });
  it('is answered with strict headers and kept by no cache', async () => {
    const { response } = await signInOver('http://localhost:3000/sign-in');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('cache-control')).toBe('private, no-store');
  });
});

describe('the client of the Manager', () => {
  it('forwards session and anti-forgery token, repeats parameters of several values and leaves empty ones out', async () => {
    const seen: Record<string, unknown>[] = [];
    const baseUrl = await answering(401, '{}', seen);
    const client = new ManagerClient({ baseUrl, fetch, session: 's', csrfToken: 'c' });
    await problemOf(client.sessions({ app: undefined, find: '', user: ['ida', 'o,l'], page: 2 }));
    expect(seen[0]).toMatchObject({
      url: '/api/v1/reports/sessions?user=ida&user=o%2Cl&page=2',
      cookie: 'pm_session=s',
      'x-csrf-token': 'c',
    });
  });
  it('gives the problem of the Manager on', async () => {
    const body = { type: 'x', title: 'It changed meanwhile.', status: 409, code: 'PM-4009', requestId: 'r' };
    const client = new ManagerClient({ baseUrl: await answering(409, JSON.stringify(body)), fetch });
    expect(await problemOf(client.me())).toMatchObject({ code: 'PM-4009', status: 409 });
  });
  it('refuses an answer that is not of the contract', async () => {
    const client = new ManagerClient({ baseUrl: await answering(200, '{"login":1}'), fetch });
    expect(await problemOf(client.me())).toMatchObject({ status: 502 });
  });
  it('says PM-5003 when the Manager does not answer', async () => {
    const client = new ManagerClient({ baseUrl: 'http://127.0.0.1:9', fetch });
    expect(await problemOf(client.overview())).toMatchObject({ code: 'PM-5003', status: 503 });
  });
});

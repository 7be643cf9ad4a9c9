import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { testApi, type TestApi } from './testing/api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await testApi(inject('postgresUrl'));
});
afterAll(() => api.close());

const NASTY_TEXTS = [
  '',
  ' ',
  '\u0000',
  'a\u0000b',
  '\ud800',
  "'; drop table agent; --",
  '%',
  '../../etc/passwd',
  '9'.repeat(30),
  '-1',
  '1e999',
  'NaN',
  '💥'.repeat(50),
  'x'.repeat(190),
  '2026-02-30T00:00:00Z',
  '9999-12-31T23:59:59Z',
  '0000-01-01T00:00:00Z',
  'Etc/GMT+14',
  'posixrules',
];
const NASTY_BODIES: unknown[] = [
  null,
  [],
  'text',
  0,
  true,
  {},
  { name: {} },
  { name: 'x', rules: 'x' },
  { name: 'x', rules: [null] },
  { name: '\ud800', rules: [{ executable: '\u0000' }] },
  { name: 'x\u0000', rules: [{ executable: 'x' }] },
  { name: 'y', rules: [{ path: 'a\u0000' }] },
  { name: 'z', rules: [{ executable: 'x' }], busyCpuShare: 1e308, revision: 1e308 },
  { name: 'z', rules: [{ executable: 'x' }], revision: 2 ** 53 },
  { label: 'x\u0000', validHours: 1 },
  { label: 'x', validHours: 1e9 },
  { token: 'x'.repeat(12), publicKey: 'UAAA', computer: '\u0000' },
  { agent: 'aaaaaaaaaaaa', at: -1, signature: '\u0000' },
  { agent: 'aaaaaaaaaaaa', at: 1_795_000_000_000, signature: '~'.repeat(86) },
  JSON.parse('{"__proto__": {"name": "x"}, "constructor": 1}'),
];

interface Operation {
  parameters?: { in: string; name: string }[];
}
type Method = Parameters<TestApi['call']>[0];

async function operations(): Promise<{ method: Method; path: string; operation: Operation }[]> {
  const document = (await api.raw('GET', 'openapi.json')).json as {
    paths: Record<string, Record<string, Operation>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => path !== '/api/v1/live' && operation !== undefined)
      .map(([method, operation]) => ({ method: method.toUpperCase() as Method, path, operation })),
  );
}

test('no text in an address makes a server error', async () => {
  for (const { method, path, operation } of (await operations()).filter(({ method }) => method === 'GET')) {
    const query = (operation.parameters ?? []).filter((parameter) => parameter.in === 'query');
    for (const text of NASTY_TEXTS) {
      const value = encodeURIComponent(text.toWellFormed());
      const filled = path.replaceAll(/\{\w+\}/g, value);
      const asked = query.map(({ name }) => `${name}=${value}`).join('&');
      const dated = `from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&${query
        .filter(({ name }) => name !== 'from' && name !== 'to')
        .map(({ name }) => `${name}=${value}`)
        .join('&')}`;
      for (const search of ['', `?${asked}`, `?${dated}`, `?${asked}&${asked}`]) {
        const answer = await api.call(method, `${filled}${search}`);
        expect(answer.status, `${method} ${filled}${search}`).toBeLessThan(429);
      }
    }
  }
});

test('no single query value makes a server error', async () => {
  for (const { method, path, operation } of (await operations()).filter(({ method }) => method === 'GET')) {
    for (const { name } of (operation.parameters ?? []).filter((parameter) => parameter.in === 'query')) {
      for (const text of NASTY_TEXTS) {
        const search = new URLSearchParams({ from: '2026-11-01T00:00:00Z', to: '2026-11-02T00:00:00Z' });
        search.set(name, text);
        const answer = await api.call(
          method,
          `${path.replaceAll('{ref}', 'aaaaaaaaaaaa.0000000000000001').replaceAll(/\{\w+\}/g, 'x')}?${search.toString()}`,
        );
        expect(answer.status, `${path} ${name}=${text}`).toBeLessThan(429);
      }
    }
  }
});

test('no body makes a server error', async () => {
  for (const { method, path } of (await operations()).filter(({ method }) => method !== 'GET')) {
    if (path.endsWith('/sign-out')) continue;
    for (const body of NASTY_BODIES) {
      const filled = path.replaceAll(/\{\w+\}/g, 'aaaaaaaaaaaa');
      const answer = await api.call(method, filled, body as object);
      expect(answer.status, `${method} ${filled} ${JSON.stringify(body)}`).toBeLessThan(500);
    }
  }
});

import { gzipSync } from 'node:zlib';
import { ERROR_CODES, problemSchema } from '@process-meter/contract';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { z } from 'zod';
import { SERVICE_TOKEN, testApi, type Answer, type TestApi } from './testing/api.ts';
import { testChain, type TestChain } from './testing/chain.ts';
import { valueFor, type JsonSchema } from './testing/openapi-arbitrary.ts';
import { addAgent, recordUse, rollAll } from './testing/recorded.ts';

/**
 * Requests made from the OpenAPI document itself, mostly as it says, now and then not, each signed in and unsigned.
 * Whatever is sent: never a server error; a success is as the document says; a refusal is a problem with a known code.
 */
const RUNS = 60;
const NOW = Date.UTC(2026, 10, 20, 8, 7);
const AGENT = 'aaaaaaaaaaaa';
const SESSION = `${AGENT}.0000000000000001`;

interface Parameter {
  in: 'path' | 'query';
  name: string;
  required: boolean;
  schema: JsonSchema;
}
interface Operation {
  parameters?: Parameter[];
  requestBody?: { content: { 'application/json': { schema: JsonSchema } } };
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>;
  security?: unknown[];
}
type Method = Parameters<TestApi['raw']>[0];
interface Route {
  method: Method;
  path: string;
  operation: Operation;
}

const DOCUMENT = (await import('../../docs/api/openapi.json', { with: { type: 'json' } }))
  .default as unknown as {
  paths: Record<string, Record<string, Operation>>;
};
const ROUTES: Route[] = Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
  Object.entries(methods)
    // The stream never ends; signing out ends the session of the others.
    .filter(() => path !== '/api/v1/live' && path !== '/api/v1/sign-out')
    .map(([method, operation]) => ({ method: method.toUpperCase() as Method, path, operation })),
);

let chain: TestChain;
let api: TestApi;
let session: Record<string, string>;
beforeAll(async () => {
  chain = await testChain(inject('postgresUrl'));
  const { application, database, secrets } = chain;
  const { pool } = database;
  const nats = { url: chain.nats.url, secrets };
  api = await testApi(inject('postgresUrl'), { clock: () => NOW, database, nats });
  await vi.waitUntil(() => api.deps.hub.connected(), { timeout: 10_000 });
  const agent = await addAgent(pool, api.account, AGENT, 'ws-1');
  const span = { session: 1, document: 1, started: NOW - 3_600_000, ended: NOW, state: 1, open: false };
  await recordUse(pool, { account: api.account, agent, application, spans: [span], asOf: NOW });
  await pool.query(
    `insert into dead_letter (account_id, agent_id, subject, code, reason, headers, body)
     values ($1, $2, 'rec.default.x', 'PM-6005', 'a rule', '{}', '{"v":1}')`,
    [api.account, agent],
  );
  await rollAll(pool);
  // Each route takes the one that is for it and does not look at the other.
  session = { ...(await api.session()), authorization: `Bearer ${SERVICE_TOKEN}` };
});
afterAll(async () => {
  await api.close();
  await chain.close();
});

/** Things that are there, so that what is made up does not always end at "not found". */
const THERE: Readonly<Record<string, readonly string[]>> = {
  id: [AGENT, '1'],
  slug: ['draw'],
  ref: [SESSION],
  namespace: ['meter'],
  name: ['draw'],
  cluster: ['c1'],
  uid: ['u1'],
  app: ['draw'],
  tz: ['Asia/Kathmandu', 'Australia/Lord_Howe', 'UTC'],
};

function parameter({ name, schema, required }: Parameter): fc.Arbitrary<unknown> {
  const there = THERE[name];
  const value =
    there === undefined
      ? valueFor(schema)
      : fc.oneof(
          { weight: 4, arbitrary: fc.constantFrom(...there) },
          { weight: 2, arbitrary: valueFor(schema) },
        );
  return required ? value : fc.option(value, { nil: undefined, freq: 3 });
}

const written = (value: unknown): string =>
  encodeURIComponent((typeof value === 'string' ? value : JSON.stringify(value)).toWellFormed());

interface Request {
  url: string;
  body: string | undefined;
}

function requestOf({ path, operation }: Route): fc.Arbitrary<Request> {
  const parameters = operation.parameters ?? [];
  const schema = operation.requestBody?.content['application/json'].schema;
  return fc
    .tuple(
      fc.tuple(...parameters.map(parameter)),
      schema === undefined ? fc.constant(undefined) : valueFor(schema),
      fc.constantFrom('', '', '', '', '&x=1', '&from=2026-11-01T00:00:00Z', '&%ff', '&__proto__=1&a[b]=1'),
    )
    .map(([values, body, more]) => {
      const named = parameters
        .map((one, i) => [one, values[i]] as const)
        .filter(([, value]) => value !== undefined);
      const inPath = named.filter(([one]) => one.in === 'path');
      const url = inPath.reduce((text, [one, value]) => text.replace(`{${one.name}}`, written(value)), path);
      const query = named
        .filter(([one]) => one.in === 'query')
        .map(([one, value]) => `${one.name}=${written(value)}`);
      return {
        url: `${url}?${query.join('&')}${more}`,
        body: body === undefined ? undefined : JSON.stringify(body),
      };
    });
}

const schemas = new Map<string, z.ZodType>();
function schemaOf({ method, path }: Route, status: string, schema: JsonSchema): z.ZodType {
  const key = `${method} ${path} ${status}`;
  const made = schemas.get(key) ?? z.fromJSONSchema(schema as Parameters<typeof z.fromJSONSchema>[0]);
  schemas.set(key, made);
  return made;
}

/** What of an answer is not as the document says; empty when all is. */
function wrongWith(route: Route, answer: Answer): unknown[] {
  if (answer.status >= 500) return [`a server error: ${answer.text}`];
  if (answer.status >= 300) return wrongWithRefusal(answer);
  const told = route.operation.responses[String(answer.status)];
  if (told === undefined) return [`the status ${String(answer.status)} is not in the document`];
  const schema = told.content?.['application/json']?.schema;
  if (schema === undefined) return [];
  return schemaOf(route, String(answer.status), schema).safeParse(answer.json).error?.issues ?? [];
}

function wrongWithRefusal({ status, json, headers }: Answer): unknown[] {
  const type = String(headers['content-type']);
  if (!type.startsWith('application/problem+json')) return [`a refusal as ${type}`];
  const parsed = problemSchema.strict().safeParse(json);
  if (!parsed.success) return parsed.error.issues;
  const { code, status: told } = parsed.data;
  return code in ERROR_CODES && told === status
    ? []
    : [`${code} with ${String(told)}, answered ${String(status)}`];
}

describe.each(ROUTES)('$method $path', (route) => {
  const { method } = route;
  const json = { 'content-type': 'application/json' };
  const send = ({ url, body }: Request, headers: Record<string, string>): Promise<Answer> =>
    api.raw(method, url, body === undefined ? { headers } : { body, headers: { ...json, ...headers } });

  test('signed in, whatever is asked', async () => {
    const property = fc.asyncProperty(requestOf(route), async (request) => {
      expect(wrongWith(route, await send(request, session))).toEqual([]);
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  test('without a session nothing is told but what is public', async () => {
    const isPublic = route.operation.security?.length === 0;
    const property = fc.asyncProperty(requestOf(route), async (request) => {
      const answer = await send(request, {});
      expect(wrongWith(route, answer)).toEqual([]);
      if (!isPublic) expect(answer.status).toBeGreaterThanOrEqual(400);
    });
    await fc.assert(property, { numRuns: 10 });
  });

  if (method === 'GET') return;
  test('without the anti-forgery token nothing is changed', async () => {
    const cookie = { cookie: session['cookie'] ?? '' };
    const property = fc.asyncProperty(requestOf(route), async (request) => {
      const answer = await send(request, cookie);
      expect(wrongWith(route, answer)).toEqual([]);
      if (route.operation.security?.length !== 0) expect(answer.status).toBeGreaterThanOrEqual(400);
    });
    await fc.assert(property, { numRuns: 10 });
  });

  const deep = `${'{"name":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  const BODIES: [string, string, string | Buffer][] = [
    ['no JSON', 'application/json', '{"name":'],
    ['nothing', 'application/json', ''],
    ['a byte order mark', 'application/json', '\ufeff{}'],
    ['bytes that are no UTF-8', 'application/json', Buffer.from([0x22, 0xc3, 0x28, 0x22])],
    ['UTF-16', 'application/json; charset=utf-16', Buffer.from('{}', 'utf16le')],
    ['compressed', 'application/json', gzipSync('{}')],
    ['a form', 'application/x-www-form-urlencoded', 'name=x'],
    ['a form in parts', 'multipart/form-data; boundary=x', '--x--'],
    ['plain text', 'text/plain', 'x'],
    ['a type that is none', 'x', '{}'],
    ['too much', 'application/json', JSON.stringify({ name: 'x'.repeat(300_000) })],
    ['nested deeply', 'application/json', deep],
    ['a prototype', 'application/json', '{"__proto__":{"name":"x"},"constructor":{"prototype":1}}'],
  ];
  test.each(BODIES)('a body that is %s', async (_name, type, body) => {
    const url = route.path.replaceAll(/\{\w+\}/g, 'aaaaaaaaaaaa');
    const answer = await api.raw(method, url, { body, headers: { ...session, 'content-type': type } });
    expect(wrongWith(route, answer)).toEqual([]);
  });
});

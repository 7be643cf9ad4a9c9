import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { Agent, createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { testCertificate } from '@process-meter/operator/testing/certificate';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultProxy } from './fault-proxy.ts';

const certificate = testCertificate();
const LINE = '{"type":"MODIFIED","object":{}}\n';
const GONE = '{"type":"ERROR","object":{"kind":"Status","reason":"Expired","code":410}}\n';

let watches: ServerResponse[];
let asked: string[];
let proxy: FaultProxy;
let url: string;
let agent: Agent;
const closers: (() => unknown)[] = [];

beforeEach(async () => {
  watches = [];
  asked = [];
  const server = createServer(certificate, (incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url} ${incoming.headers.authorization ?? ''}`);
    if (incoming.url?.includes('watch=true') === true) {
      response.writeHead(200).flushHeaders();
      watches.push(response);
    } else incoming.pipe(response);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  proxy = new FaultProxy({ url: `https://127.0.0.1:${port}`, ca: certificate.cert, certificate });
  url = await proxy.start();
  agent = new Agent({ ca: certificate.cert, keepAlive: true });
  closers.push(
    () => agent.destroy(),
    () => proxy.close(),
    () => server.closeAllConnections(),
    () => server.close(),
  );
});
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** An answer as far as it came. */
interface Heard {
  text: string;
  status: number;
  retryAfter: string | undefined;
  /** `end`, or the code of the error. */
  over: string | undefined;
}

function ask(path: string, body = ''): Heard {
  const heard: Heard = { text: '', status: 0, retryAfter: undefined, over: undefined };
  const failed = (error: NodeJS.ErrnoException): void => void (heard.over ??= error.code ?? error.message);
  const sent = request(`${url}${path}`, { agent, method: 'POST', headers: { authorization: 'Bearer t' } });
  sent.on('error', failed);
  sent.once('response', (answer: IncomingMessage) => {
    heard.status = answer.statusCode ?? 0;
    heard.retryAfter = answer.headers['retry-after'];
    answer.setEncoding('utf8').on('data', (piece: string) => (heard.text += piece));
    answer.on('error', failed).once('end', () => (heard.over ??= 'end'));
  });
  sent.end(body);
  return heard;
}

const holds = (what: () => unknown): Promise<void> => expect.poll(what, { timeout: 10_000 }).toBeTruthy();

async function watching(): Promise<Heard> {
  const before = watches.length;
  const heard = ask('/w?watch=true');
  await holds(() => watches.length > before && heard.status === 200);
  return heard;
}

test('what is asked passes with its token and body, and a watch line by line', async () => {
  const one = ask('/a?b=c', 'text');
  const watch = await watching();
  watches[0]?.write(LINE);
  await holds(() => one.over === 'end' && watch.text === LINE);
  expect(one).toMatchObject({ text: 'text', status: 200 });
  expect(asked).toEqual(['POST /a?b=c Bearer t', 'POST /w?watch=true Bearer t']);
  expect(proxy.seen.map(({ path, status }) => [path, status])).toEqual([
    ['/a?b=c', 200],
    ['/w?watch=true', 200],
  ]);
});

test('what is refused or hangs does not reach the server; the error that a watch begins with is told', async () => {
  proxy.inject(({ path }) => {
    if (path === '/hang') return { kind: 'hang' };
    return path === '/a' ? { kind: 'refuse', status: 429, retryAfterS: 7 } : undefined;
  });
  const [refused, hangs, other] = [ask('/a'), ask('/hang'), ask('/b', 'text')];
  await holds(() => refused.over === 'end' && other.over === 'end');
  expect(refused).toMatchObject({ status: 429, retryAfter: '7' });
  expect(asked).toEqual(['POST /b Bearer t']);
  await watching();
  watches[0]?.write(GONE);
  await holds(() => proxy.seen.at(-1)?.status === 410);
  expect(hangs).toMatchObject({ status: 0, over: undefined });
});

test('an answer is reset, or ends in order, in the middle of a line; the request was done', async () => {
  proxy.inject(({ path }) => ({ kind: path === '/reset' ? 'reset' : 'cut' }));
  const [reset, cut, watch] = [ask('/reset', LINE), ask('/cut', LINE), await watching()];
  watches[0]?.write(LINE);
  await holds(() => reset.over !== undefined && cut.over !== undefined && watch.over !== undefined);
  expect([reset.over, cut.over, watch.over]).toEqual(['ECONNRESET', 'end', 'end']);
  expect([cut.text, watch.text]).toEqual([LINE.slice(0, LINE.length / 2), LINE.slice(0, LINE.length / 2)]);
  expect(asked).toHaveLength(3);
});

test('half-open: connections fall silent and stay so, new ones hang, and nobody is told', async () => {
  const watch = await watching();
  const before = ask('/a', 'text');
  await holds(() => before.over === 'end');
  proxy.freeze('all');
  watches[0]?.write(LINE);
  const [old, fresh] = [ask('/old'), ask('/fresh')];
  await pause(200);
  proxy.pass();
  watches[0]?.write(LINE);
  agent.destroy();
  agent = new Agent({ ca: certificate.cert });
  const after = ask('/b', 'text');
  await holds(() => after.over === 'end');
  expect([watch.text, old.status, fresh.status]).toEqual(['', 0, 0]);
  expect(asked.filter((line) => /old|fresh/.test(line))).toEqual([]);
});

test('half-open watches let other requests through; a late request comes late', async () => {
  const watch = await watching();
  proxy.freeze('watches');
  proxy.inject(() => ({ kind: 'delay', ms: 100 }));
  const since = Date.now();
  const [late, another] = [ask('/a', 'text'), ask('/v?watch=true')];
  await holds(() => late.over === 'end');
  expect(Date.now() - since).toBeGreaterThanOrEqual(99);
  watches[0]?.write(LINE);
  proxy.hangUp();
  await holds(() => watch.over !== undefined && another.over !== undefined);
  expect([watch.text, another.status]).toEqual(['', 0]);
});

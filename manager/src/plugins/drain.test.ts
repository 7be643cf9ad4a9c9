import { once } from 'node:events';
import { Agent, createServer, get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { drain } from './drain.ts';

/** A server that answers after a while; `/events` is never answered to its end. */
async function setUp(answerMs: number) {
  const server = createServer((request, response) => {
    if (request.url === '/events') return void response.write('first');
    setTimeout(() => response.end('ok'), answerMs);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = async (path = '/'): Promise<IncomingMessage> => {
    const [answer]: IncomingMessage[] = await once(get({ port, path, agent, host: '127.0.0.1' }), 'response');
    if (path === '/') answer!.resume();
    return answer!;
  };
  return { server, ask, agent };
}

test('what is being answered is answered, and kept connections are given up with an answer', async () => {
  const { server, ask, agent } = await setUp(300);
  await ask();
  const drained = drain(server, { listenMs: 200, finishMs: 2000 });
  const late = await ask();
  expect([late.statusCode, late.headers.connection]).toEqual([200, 'close']);
  await drained;
  server.closeAllConnections();
  server.close();
  agent.destroy();
});

test('with nobody there it takes no time; a stream of events does not hold it up for ever', async () => {
  const { server, ask, agent } = await setUp(0);
  const start = Date.now();
  await drain(server);
  expect(Date.now() - start).toBeLessThan(500);
  await ask('/events');
  const before = Date.now();
  await drain(server, { listenMs: 100, finishMs: 200 });
  expect(Date.now() - before).toBeGreaterThanOrEqual(290);
  expect(Date.now() - before).toBeLessThan(2000);
  server.closeAllConnections();
  server.close();
  agent.destroy();
});

import { connect, createServer, type AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { createMetrics } from '../report/metrics.ts';
import { FakeClock, settle, until } from '../../testing/fake-clock.ts';
import { testCertificate } from '../../testing/certificate.ts';
import { metric, widget, widgetPath, WIDGETS } from '../../testing/parts.ts';
import { StubApi, status } from '../../testing/stub-api.ts';
import { NotLeaderError, createClient } from './api-client.ts';
import type { Credentials } from './credentials.ts';
import { KubeError } from './errors.ts';
import { createTransport } from './transport.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

const fast = { perSecond: 1e6, burst: 1e6, inFlight: 8 };

async function setUp(
  options: {
    tls?: boolean;
    clock?: FakeClock;
    limits?: typeof fast;
    credentials?: Partial<Credentials>;
  } = {},
) {
  const certificate = options.tls === true ? testCertificate() : undefined;
  const api = await new StubApi(certificate).start();
  closers.push(() => api.stop());
  const metrics = createMetrics();
  const tls = certificate === undefined ? {} : { ca: certificate.cert };
  const transport = createTransport(
    {
      credentials: {
        server: api.url,
        current: () => Promise.resolve({ headers: {}, tls }),
        refresh: () => {},
        ...options.credentials,
      },
      clock: options.clock ?? systemClock,
      random: () => 0.5,
      metrics: metrics.rest,
    },
    options.limits ?? fast,
  );
  closers.push(() => transport.close());
  const get = () => transport.json({ method: 'GET', path: widgetPath('one') });
  api.store.put(widgetPath('one'), widget('one'));
  return { api, transport, metrics, get, tls, client: createClient(transport) };
}

test('H1: 200 requests one after the other use one TLS connection, 50 at once no more than may be in flight', async () => {
  const { api, get } = await setUp({ tls: true });
  for (let count = 0; count < 200; count += 1) await get();
  expect(api.connections).toBeLessThanOrEqual(2);
  await Promise.all(Array.from({ length: 50 }, get));
  expect(api.requests).toHaveLength(250);
  expect(api.connections).toBeLessThanOrEqual(fast.inFlight + 2);
});

test('a watch holds a connection of its own and keeps no request waiting', async () => {
  const { api, transport, get } = await setUp({ limits: { ...fast, inFlight: 1 } });
  const end = new AbortController();
  const path = '/apis/example.com/v1/widgets?watch=true&resourceVersion=1';
  const bodies = await Promise.all(
    Array.from({ length: 20 }, () => transport.stream({ path, signal: end.signal })),
  );
  for (const body of bodies) body.on('error', () => {});
  await get();
  expect(api.watches).toHaveLength(20);
  end.abort();
  await until('the watches ended', () => api.watches.length === 0);
});

test('connections are made anew when the authority changes, and not before', async () => {
  const held: { ca?: string } = {};
  const { api, get, tls } = await setUp({
    tls: true,
    credentials: { current: () => Promise.resolve({ headers: {}, tls: held }) },
  });
  held.ca = tls.ca ?? '';
  for (let count = 0; count < 10; count += 1) await get();
  const before = api.connections;
  expect(before).toBeLessThanOrEqual(2);
  // The bundle as it is in the middle of a change of authority.
  held.ca = `${tls.ca}${testCertificate().cert}`;
  await get();
  expect(api.connections).toBe(before + 1);
  for (let count = 0; count < 10; count += 1) await get();
  expect(api.connections).toBeLessThanOrEqual(before + 2);
});

test('a 429 is repeated after the time the server asks for, for a create too', async () => {
  const clock = new FakeClock();
  const { api, client } = await setUp({ clock });
  let refused = 0;
  api.misbehave = ({ method }) =>
    method === 'POST' && (refused += 1) <= 2 ? { status: 429, headers: { 'retry-after': '3' } } : undefined;
  const created = client.create(WIDGETS, widget('two'));
  await until('the first refusal', () => clock.timers > 0 && refused === 1);
  await clock.advance(2_999);
  expect(refused).toBe(1);
  await clock.advance(200);
  await until('the second refusal', () => refused === 2);
  await until('it waits again', () => clock.timers === 1);
  await clock.advance(4_000);
  expect((await created).metadata.name).toBe('two');
});

test('a 503 with Retry-After is repeated; a 500 of a create is not, because it may have been done', async () => {
  const { api, client } = await setUp();
  let count = 0;
  api.misbehave = () => ((count += 1) === 1 ? { status: 503, headers: { 'retry-after': '0' } } : undefined);
  await client.create(WIDGETS, widget('two'));
  expect(count).toBe(2);
  api.misbehave = () => ({ status: 500, body: status(500, 'InternalError', 'etcd is gone') });
  const sent = api.requests.length;
  await expect(client.create(WIDGETS, widget('three'))).rejects.toThrow(/etcd is gone/);
  expect(api.requests.length).toBe(sent + 1);
});

test('a cut connection and a 500 are repeated where repeating does no harm, five times at most', async () => {
  const clock = new FakeClock();
  const { api, client } = await setUp({ clock });
  let count = 0;
  api.misbehave = () => ((count += 1) === 1 ? 'cut' : count === 2 ? { status: 500 } : undefined);
  const applied = client.apply(WIDGETS, widget('two'), { manager: 'test' });
  const driven = drive(clock, applied);
  expect((await driven).metadata.name).toBe('two');
  expect(count).toBe(3);
  count = 0;
  api.misbehave = () => ((count += 1), { status: 500 });
  await expect(drive(clock, client.get(WIDGETS, { namespace: 'default', name: 'one' }))).rejects.toThrow(
    KubeError,
  );
  expect(count).toBe(5);
});

test('a request that is never answered ends after 15 s and is tried on another connection', async () => {
  const clock = new FakeClock();
  const { api, get } = await setUp({ clock });
  let count = 0;
  api.misbehave = () => ((count += 1) === 1 ? 'silence' : undefined);
  const answer = get();
  await until('it was sent', () => count === 1);
  await clock.advance(14_999);
  expect(count).toBe(1);
  await expect(drive(clock, answer)).resolves.toBeDefined();
  expect(api.connections).toBe(2);
});

test('a 401 makes the credentials be read again, once', async () => {
  const refreshed: number[] = [];
  const { api, get } = await setUp({ credentials: { refresh: () => void refreshed.push(1) } });
  api.misbehave = () => (refreshed.length === 0 ? { status: 401 } : undefined);
  await get();
  expect(refreshed).toHaveLength(1);
  api.misbehave = () => ({ status: 401 });
  await expect(get()).rejects.toThrow(KubeError);
  expect(refreshed).toHaveLength(2);
});

test('requests keep to the rate, urgent ones pass it', async () => {
  const clock = new FakeClock();
  const { api, transport, get } = await setUp({ clock, limits: { perSecond: 10, burst: 5, inFlight: 8 } });
  const all = Promise.all(Array.from({ length: 10 }, get));
  await until('the burst', () => api.requests.length === 5);
  await settle();
  await transport.json({ method: 'GET', path: widgetPath('one'), urgent: true });
  expect(api.requests).toHaveLength(6);
  await clock.advance(201);
  await until('two more', () => api.requests.length === 8);
  await settle();
  expect(api.requests).toHaveLength(8);
  await drive(clock, all);
});

test('an aborted caller is told so at once and nothing is repeated', async () => {
  const { api, transport } = await setUp();
  api.misbehave = () => 'silence';
  const stop = new AbortController();
  const answer = transport.json({ method: 'GET', path: widgetPath('one'), signal: stop.signal });
  await until('it was sent', () => api.requests.length === 1);
  stop.abort(new Error('enough'));
  await expect(answer).rejects.toThrow('enough');
  await settle();
  expect(api.requests).toHaveLength(1);
});

test('refusals carry status, reason and message of the Status object; a proxy that sends HTML is survived', async () => {
  const { api, get, metrics } = await setUp();
  api.misbehave = () => ({ status: 403, body: status(403, 'Forbidden', 'widgets is forbidden') });
  await expect(get()).rejects.toMatchObject({ status: 403, reason: 'Forbidden', forbidden: true });
  api.misbehave = () => ({ status: 404, body: '<html>' });
  await expect(get()).rejects.toMatchObject({ status: 404, reason: 'Unknown', notFound: true });
  expect(await metric(metrics, 'rest_client_requests_total', { code: '403', method: 'GET' })).toBe(1);
});

test('a write that waited for its connection is not sent once the lease is over, and not tried again', async () => {
  const held = await heldConnections();
  const { api, transport } = await setUp({ tls: true, credentials: { server: held.url } });
  held.to = api.port;
  let mayWrite = true;
  const client = createClient(transport, { mayWrite: () => mayWrite });
  const applied = client.apply(WIDGETS, widget('two'), { manager: 'test' });
  applied.catch(() => {});
  await until('it waits for its connection', () => held.waiting === 1);
  mayWrite = false;
  held.release();
  await expect(applied).rejects.toThrow(NotLeaderError);
  await settle();
  expect(api.writes).toEqual([]);

  mayWrite = true;
  expect((await client.apply(WIDGETS, widget('two'), { manager: 'test' })).metadata.name).toBe('two');
});

/** Takes connections at once and passes on what is sent only when it is told to: a slow way to the server. */
async function heldConnections() {
  const waiting: (() => void)[] = [];
  const held = { to: 0, url: '', waiting: 0, release: () => waiting.splice(0).forEach((go) => go()) };
  let isOpen = false;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    const go = () => {
      isOpen = true;
      const onward = connect(held.to, '127.0.0.1').on('error', () => socket.destroy());
      socket.pipe(onward).pipe(socket);
    };
    held.waiting += 1;
    if (isOpen) go();
    else waiting.push(go);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => new Promise((resolve) => server.close(resolve)));
  held.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return held;
}

/** Moves the clock until the promise has settled. */
async function drive<T>(clock: FakeClock, promise: Promise<T>): Promise<T> {
  let settled = false;
  const watched = promise.finally(() => (settled = true));
  watched.catch(() => {});
  await until('the answer', async () => {
    await clock.advance(500);
    return settled;
  });
  return watched;
}

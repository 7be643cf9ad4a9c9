import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { TLSSocket } from 'node:tls';
import { generateNkey } from '@process-meter/contract';
import { makeLocalAuthority, type LocalAuthority } from '@process-meter/local';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { openLink, seldom, type Link } from './link.ts';

const INFO = {
  server_id: 'X',
  version: '2.15.2',
  proto: 1,
  headers: true,
  max_payload: 1024,
  nonce: 'n0nce',
};
const ENOUGH_MS = 5000;

let server: Server;
let said: string;
let link: Link | undefined;
let refusals: number;
const warnings: string[] = [];

const [own, other] = [makeLocalAuthority('own'), makeLocalAuthority('other')];
afterAll(() => [own, other].forEach((authority) => authority.forget()));

/** From now on the server offers TLS with a certificate of an authority. */
function secure(authority: LocalAuthority): void {
  const certificate = authority.issue();
  server.removeAllListeners('connection');
  server.on('connection', (socket) => {
    socket.on('error', () => socket.destroy());
    socket.write(`INFO ${JSON.stringify({ ...INFO, tls_required: true })}\r\n`);
    const secured = new TLSSocket(socket, { isServer: true, ...certificate });
    secured.on('error', () => socket.destroy());
    secured.on('data', (chunk: Buffer) => (said += chunk.toString('latin1')));
  });
}

beforeEach(async () => {
  said = '';
  refusals = 0;
  warnings.length = 0;
  // A server that offers no TLS, or somebody between who took the offer away.
  server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => (said += chunk.toString('latin1')));
    socket.write(`INFO ${JSON.stringify(INFO)}\r\n`);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  await link?.close();
  server.close();
});

function open(scheme: string, authorities: string[] = []): void {
  const { port } = server.address() as AddressInfo;
  const { seed } = generateNkey('user');
  const log = {
    debug: () => {},
    info: () => {},
    error: () => {},
    warn: (fields: { err?: unknown }) => void warnings.push(String(fields.err)),
  };
  link = openLink({
    seed,
    credentials: () => ({
      agent: 'aaaaaaaaaaaa',
      account: 'default',
      servers: [`${scheme}://127.0.0.1:${port}`],
      jwt: 'the-jwt',
      jwtExpiresAt: 0,
      macKid: 'k',
      macKey: 'm',
      trusted: [],
      authorities,
    }),
    log,
    connected: () => {},
    refused: () => {
      refusals += 1;
      return Promise.resolve();
    },
  });
}

test('an address with tls:// sends nothing to a server that offers no TLS', async () => {
  open('tls');
  await expect.poll(() => warnings.join(), { timeout: ENOUGH_MS }).toContain(`does not support 'tls'`);
  expect(said).toBe('');
});

test('an address with nats:// is used as it is', async () => {
  open('nats');
  await expect.poll(() => said, { timeout: ENOUGH_MS }).toContain('the-jwt');
});

test('a server of an authority that the Manager named is spoken to', async () => {
  secure(own);
  open('tls', [other.certificate, own.certificate]);
  await expect.poll(() => said, { timeout: ENOUGH_MS }).toContain('the-jwt');
});

test('a server of another authority is told nothing, and the Manager is asked for news', async () => {
  secure(other);
  open('tls', [own.certificate]);
  await expect.poll(() => refusals, { timeout: ENOUGH_MS }).toBeGreaterThan(0);
  expect(said).toBe('');
});

test('news are asked for at once, then after pauses that double up to the longest, and at once again after a success', () => {
  let now = 0;
  const asked: number[] = [];
  const { isDue, begin } = seldom({ least: 15, most: 100 }, () => now);
  for (; now < 400; now += 1) if (isDue()) asked.push(now);
  expect(asked).toEqual([0, 15, 45, 105, 205, 305]);
  begin();
  expect([isDue(), isDue()]).toEqual([true, false]);
});

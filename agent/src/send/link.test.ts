import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { generateNkey } from '@process-meter/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openLink, type Link } from './link.ts';

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
const warnings: string[] = [];

beforeEach(async () => {
  said = '';
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

function open(scheme: string): void {
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
    }),
    log,
    connected: () => {},
    refused: () => Promise.resolve(),
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

import type { PeerCertificate } from 'node:tls';
import { expect, test } from 'vitest';
import { natsAddresses } from './nats-addresses.ts';

test('nats:// takes no TLS, not even an offered one', () => {
  expect(natsAddresses(['nats://a:4222', 'b:4222'])).toEqual({
    servers: ['nats://a:4222', 'b:4222'],
    tls: null,
  });
});

const certificate = (subjectaltname: string): PeerCertificate =>
  ({ subject: { CN: 'x' }, subjectaltname }) as PeerCertificate;

test.each([
  ['tls://nats.corp.local:4222', 'DNS:nats.corp.local', true],
  ['tls://198.18.1.2:4222', 'IP Address:198.18.1.2', true],
  ['tls://nats.corp.local:4222', 'DNS:other.corp.local', false],
  ['tls://198.18.1.2:4222', 'DNS:localhost', false],
])('%s takes a certificate for %s: %s', (server, names, isTaken) => {
  const { tls } = natsAddresses([server, 'tls://second.corp.local:4222']);
  // What the library names, when the server is an address.
  const problem = tls?.checkServerIdentity('localhost', certificate(names));
  expect(problem === undefined).toBe(isTaken);
});

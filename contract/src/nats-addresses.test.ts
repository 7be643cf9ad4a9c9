import type { PeerCertificate } from 'node:tls';
import { expect, test } from 'vitest';
import { isDistrusted, natsAddresses } from './nats-addresses.ts';

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

test('authorities are read anew at each handshake; none leaves it to the computer', () => {
  const authorities: string[] = [];
  const { tls } = natsAddresses(['tls://nats.corp.local:4222'], () => authorities);
  expect(tls?.ca).toBe('');
  authorities.push('one', 'two');
  expect(tls?.ca).toBe('onetwo');
});

test.each([
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', true],
  ['SELF_SIGNED_CERT_IN_CHAIN', true],
  ['CERT_HAS_EXPIRED', true],
  // Newer authorities do not help against a certificate of another server, or no server.
  ['ERR_TLS_CERT_ALTNAME_INVALID', false],
  ['ECONNREFUSED', false],
])('%s asks for newer authorities: %s', (code, asks) => {
  expect(isDistrusted(Object.assign(new Error('refused'), { code }))).toBe(asks);
});

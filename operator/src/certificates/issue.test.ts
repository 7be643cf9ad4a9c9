import { createServer, connect } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { X509Certificate } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import { issueCertificate, makeAuthority, type KeyPair } from './issue.ts';

const DAY = 86_400_000;
const lifetime = (lifeMs: number, now = Date.now()): { now: number; lifeMs: number } => ({ now, lifeMs });

/** What a client that trusts an authority says of a server. */
async function handshake(pair: KeyPair, authority: KeyPair, servername: string): Promise<string> {
  const server = createServer({ cert: pair.certificate, key: pair.key }, (socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const client = connect({ host: '127.0.0.1', port, servername, ca: [authority.certificate] });
  return new Promise((resolve) => {
    client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    client.on('secureConnect', () => {
      client.end();
      resolve(client.getProtocol() ?? '');
    });
  });
}

test('a client that knows the authority takes its certificate for the names in it, and for no other', async () => {
  const [authority, other] = await Promise.all([
    makeAuthority('one', lifetime(DAY)),
    makeAuthority('one', lifetime(DAY)),
  ]);
  const pair = await issueCertificate(authority, ['nats.corp.local', '10.1.2.3', 'fd00::1'], lifetime(DAY));
  expect(await handshake(pair, authority, 'nats.corp.local')).toBe('TLSv1.3');
  expect(await handshake(pair, authority, 'web.corp.local')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await handshake(pair, other, 'nats.corp.local')).toMatch(/SIGNATURE|ISSUER|SELF_SIGNED/);
  const certificate = new X509Certificate(pair.certificate);
  expect([certificate.checkIP('10.1.2.3'), certificate.checkIP('fd00::1')]).not.toContain(undefined);
});

test('a certificate can sign nothing, an authority can sign certificates only', async () => {
  const authority = await makeAuthority('Process Meter "meter", of 2026 + 1', lifetime(DAY));
  const pair = await issueCertificate(authority, ['nats.corp.local'], lifetime(DAY));
  const below = await issueCertificate(pair, ['nats.corp.local'], lifetime(DAY));
  expect(new X509Certificate(authority.certificate).ca).toBe(true);
  expect(new X509Certificate(pair.certificate).ca).toBe(false);
  expect(new X509Certificate(pair.certificate).keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  const chain = { ...below, certificate: below.certificate + pair.certificate };
  expect(await handshake(chain, authority, 'nats.corp.local')).not.toMatch(/^TLS/);
});

test('it begins an hour before now, for clocks that are late, and ends no later than its authority', async () => {
  const now = Date.UTC(2026, 0, 1);
  const authority = await makeAuthority('one', lifetime(10 * DAY, now));
  const pair = await issueCertificate(authority, ['nats'], lifetime(90 * DAY, now));
  const { validFromDate, validToDate } = new X509Certificate(pair.certificate);
  expect(validFromDate.getTime()).toBe(now - 3_600_000);
  expect(validToDate.getTime()).toBe(now + 10 * DAY);
});

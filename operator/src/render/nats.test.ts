import { expect, test } from 'vitest';
import { INSTALLATIONS } from '../golden/installations.ts';
import { RELEASES } from '../release/catalogue.ts';
import { installationOf } from './installation.ts';
import { embeddedMessaging, renderNats } from './nats.ts';

const installation = installationOf(INSTALLATIONS['evaluation']!, RELEASES[0]!);
const embedded = installation.spec.messaging.embedded!;
const rendered = (given: Partial<typeof embedded>): string =>
  JSON.stringify(renderNats(installation, { ...embedded, ...given }, 'checksum'));

test('with a certificate agents have TLS, and Manager and Ingest go on by inner names', () => {
  const text = rendered({ tlsSecretName: 'nats-certificate' });
  expect(text).toContain(
    String.raw`tls { cert_file: \"/etc/nats/tls/tls.crt\", key_file: \"/etc/nats/tls/tls.key\" }`,
  );
  expect(text).toContain('allow_non_tls: true');
  expect(text).toContain('"secretName":"nats-certificate"');
  expect(text).toContain('"mountPath":"/etc/nats/tls","name":"tls","readOnly":true');
});

test('records may take three quarters of the volume; the servers themselves are the same for each size of it', () => {
  const storage = { size: '40Gi' };
  const configOf = (size: string): unknown =>
    renderNats(installation, { ...embedded, storage: { size } }, 'checksum').find(
      ({ object }) => object.kind === 'ConfigMap',
    )?.object['data'];
  expect(configOf('40Gi')).toEqual(configOf('10Gi'));
  const spec = {
    ...installation.spec,
    messaging: { mode: 'Embedded' as const, embedded: { ...embedded, storage } },
  };
  expect(embeddedMessaging({ ...installation, spec }).streamSize).toBe(String(30 * 1024 ** 3));
});

test('without one there is no word of TLS', () => {
  expect(rendered({})).not.toContain('tls');
});

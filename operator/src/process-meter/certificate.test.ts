import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { INSTALLATIONS } from '../golden/installations.ts';
import { SecretReader } from '../platform/secret-reader.ts';
import { RELEASES } from '../release/catalogue.ts';
import { installationOf } from '../render/installation.ts';
import type { KubeObject } from '../runtime/index.ts';
import { setUpRuntime } from '../testing/runtime-set-up.ts';
import { testCertificate } from '../testing/certificate.ts';
import { certificateEnd, certificateStep, tidyCertificate } from './certificate.ts';
import { OptionalApis } from './optional-apis.ts';
import type { Pass, StepDeps } from './pass.ts';

const GROUP = '/apis/cert-manager.io/v1';
const CERTIFICATE = `${GROUP}/namespaces/metering/certificates/meter-nats-certificate`;
const SECRET = '/api/v1/namespaces/metering/secrets/meter-nats-certificate';
type Embedded = Parameters<typeof certificateStep>[2];

/** An installation with cert-manager, of which the API server serves the kind from the start. */
async function setUp() {
  const { api, client, clock, informers, signal } = await setUpRuntime();
  const served = { is: true };
  api.misbehave = ({ path }) => {
    if (path !== GROUP) return undefined;
    return served.is ? { status: 200, body: { resources: [{ name: 'certificates' }] } } : { status: 404 };
  };
  const processMeter = INSTALLATIONS['cert-manager']!;
  const metadata = { name: 'meter', namespace: 'metering', uid: 'uid-1' };
  const object: KubeObject = { apiVersion: 'processmeter.io/v1alpha1', kind: 'ProcessMeter', metadata };
  const deps = {
    client,
    secrets: new SecretReader({ client, informers }),
    optional: new OptionalApis({ client, monotonic: () => clock.monotonic(), lookAgainMs: 1 }),
    lookAgainMs: 1,
  } as unknown as StepDeps;
  const newPass = (): Pass =>
    ({ object, signal, installation: installationOf(processMeter, RELEASES[0]!) }) as unknown as Pass;
  const embedded = processMeter.spec.messaging.embedded!;
  return {
    api,
    clock,
    served,
    step: async (given: Partial<Embedded> = {}) => {
      const pass = newPass();
      const outcome = await certificateStep(pass, deps, { ...embedded, ...given });
      return { outcome, authorities: pass.authoritiesSecretRef };
    },
    end: (secret: string | undefined) => certificateEnd(newPass(), deps, secret),
    tidy: (given: Partial<Embedded>) => tidyCertificate(newPass(), deps, { ...embedded, ...given }),
    give: (data: Record<string, string>, path = SECRET) => {
      const encoded = Object.entries(data).map(([key, value]) => [
        key,
        Buffer.from(value).toString('base64'),
      ]);
      api.store.put(path, {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: path.split('/').at(-1)! },
        data: Object.fromEntries(encoded),
      });
    },
  };
}

test('a Certificate is asked for by names and addresses, and waited for until its Secret is there', async () => {
  const { api, step, give } = await setUp();
  expect((await step()).outcome).toMatchObject({ state: 'wait', reason: 'CertificateNotReady', afterMs: 1 });
  const certificate = api.store.get(CERTIFICATE)!;
  expect(certificate).toMatchObject({
    spec: {
      secretName: 'meter-nats-certificate',
      dnsNames: ['meter.corp.local', 'meter-nats.metering.svc', 'meter-nats.metering', 'meter-nats'],
      ipAddresses: ['10.1.2.3'],
      issuerRef: { name: 'corp', kind: 'Issuer', group: 'cert-manager.io' },
    },
  });
  const conditions = [
    { type: 'Ready', status: 'False', message: 'Issuing certificate as Secret does not exist' },
  ];
  api.store.put(CERTIFICATE, { ...certificate, status: { conditions } });
  expect((await step()).outcome).toMatchObject({
    message:
      'Certificate meter-nats-certificate has not been issued yet: Issuing certificate as Secret does not exist',
  });
  give({ 'tls.crt': 'x', 'tls.key': 'y' });
  expect(await step()).toEqual({ outcome: undefined, authorities: undefined });
});

test('the authority that cert-manager names is the one that agents are told; what is none is said', async () => {
  const { step, give } = await setUp();
  give({ 'ca.crt': testCertificate().cert });
  expect(await step()).toEqual({
    outcome: undefined,
    authorities: { name: 'meter-nats-certificate', key: 'ca.crt' },
  });
  give({ 'ca.crt': 'no certificate' });
  expect((await step()).outcome).toMatchObject({ state: 'stall', reason: 'CertificateNotReady' });
});

test('where cert-manager is not installed it says so, and looks again', async () => {
  const { clock, served, step } = await setUp();
  served.is = false;
  expect((await step()).outcome).toMatchObject({ state: 'stall', reason: 'CertManagerMissing', afterMs: 1 });
  served.is = true;
  await clock.advance(1);
  expect((await step()).outcome).toMatchObject({ state: 'wait', reason: 'CertificateNotReady' });
});

test('a Secret of somebody is taken as it is, with its authority; nothing is asked of cert-manager', async () => {
  const { api, step, give } = await setUp();
  const tls = { mode: 'Secret', secretRef: { name: 'nats-tls' } } as const;
  expect(await step({ tls })).toEqual({ outcome: undefined, authorities: undefined });
  give({ 'ca.crt': testCertificate().cert }, SECRET.replace('meter-nats-certificate', 'nats-tls'));
  expect((await step({ tls })).authorities).toEqual({ name: 'nats-tls', key: 'ca.crt' });
  expect(api.writes).toEqual([]);
});

test('when a certificate ends is told; where there is none, or it cannot be read, nothing is', async () => {
  const { end, give } = await setUp();
  expect([await end(undefined), await end('meter-nats-certificate')]).toEqual([undefined, undefined]);
  const { cert } = testCertificate();
  give({ 'tls.crt': cert });
  const wanted = new X509Certificate(cert).validToDate.getTime();
  expect(await end('meter-nats-certificate')).toBe(wanted);
  give({ 'tls.crt': 'none' });
  expect(await end('meter-nats-certificate')).toBeUndefined();
});

test('a Certificate that is not wanted any more is removed, one of somebody else is not', async () => {
  const { api, step, tidy } = await setUp();
  await step();
  await tidy({});
  expect(api.store.get(CERTIFICATE)).toBeDefined();
  await tidy({ tls: undefined });
  expect(api.store.get(CERTIFICATE)).toBeUndefined();
  api.store.put(CERTIFICATE, {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'meter-nats-certificate' },
  });
  await tidy({ tls: undefined });
  expect(api.store.get(CERTIFICATE)).toBeDefined();
});

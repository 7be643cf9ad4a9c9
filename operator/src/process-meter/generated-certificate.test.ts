import { X509Certificate } from 'node:crypto';
import { processMeterSpecSchema } from '@process-meter/crds';
import { expect, test } from 'vitest';
import { INSTALLATIONS } from '../golden/installations.ts';
import { SecretReader } from '../platform/secret-reader.ts';
import { RELEASES } from '../release/catalogue.ts';
import { installationOf } from '../render/installation.ts';
import type { KubeObject } from '../runtime/index.ts';
import { setUpRuntime } from '../testing/runtime-set-up.ts';
import { certificateStep } from './certificate.ts';
import { OptionalApis } from './optional-apis.ts';
import type { Pass, StepDeps } from './pass.ts';

const SECRETS = '/api/v1/namespaces/metering/secrets';
const [AUTHORITY, SERVER] = [`${SECRETS}/meter-authority`, `${SECRETS}/meter-nats-server`];
const DAY = 86_400_000;

async function setUp() {
  const { api, client, clock, informers, signal } = await setUpRuntime();
  const base = INSTALLATIONS['own-authority']!;
  const metadata = { name: 'meter', namespace: 'metering', uid: 'uid-1' };
  const object: KubeObject = { apiVersion: 'processmeter.io/v1alpha1', kind: 'ProcessMeter', metadata };
  const deps = {
    client,
    secrets: new SecretReader({ client, informers }),
    optional: new OptionalApis({ client, monotonic: () => clock.monotonic(), lookAgainMs: 1 }),
    now: () => clock.now(),
    lookAgainMs: 1,
  } as unknown as StepDeps;
  const pass = async (
    change: { generated?: object; publicServers?: string[]; deletionPolicy?: string } = {},
  ) => {
    const { generated, publicServers = base.spec.messaging.publicServers, ...rest } = change;
    const spec = processMeterSpecSchema.parse({
      ...base.spec,
      messaging: {
        mode: 'Embedded',
        embedded: { tls: { mode: 'Generated', ...(generated === undefined ? {} : { generated }) } },
        publicServers,
      },
      ...rest,
    });
    const it = {
      object,
      signal,
      installation: installationOf({ ...base, spec }, RELEASES[0]!),
      bindings: {},
    } as unknown as Pass;
    const outcome = await certificateStep(it, deps, spec.messaging.embedded!);
    return { outcome, lookAt: it.lookAt, authorities: it.authoritiesSecretRef };
  };
  const content = (path: string, key: string): string => {
    const data = (api.store.get(path)?.['data'] ?? {}) as Record<string, string>;
    return Buffer.from(data[key] ?? '', 'base64').toString();
  };
  return {
    api,
    clock,
    pass,
    certificate: () => new X509Certificate(content(SERVER, 'tls.crt')),
    trusted: () =>
      (content(AUTHORITY, 'ca.crt').match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g) ?? []).map(
        (pem) => new X509Certificate(pem),
      ),
    /** Passes until there is nothing to do, as the controller makes them. */
    settle: async (change: Parameters<typeof pass>[0] = {}) => {
      for (let writes = -1; writes !== api.writes.length;) {
        writes = api.writes.length;
        await pass(change);
      }
    },
  };
}

test('authority and certificate are made once: who looks again changes nothing', async () => {
  const { api, pass, certificate, trusted } = await setUp();
  const { outcome, authorities } = await pass();
  expect(outcome).toBeUndefined();
  expect(authorities).toEqual({ name: 'meter-authority', key: 'ca.crt' });
  expect(api.writes.map(({ method, path }) => `${method} ${path}`)).toEqual([
    `POST ${SECRETS}`,
    `POST ${SECRETS}`,
  ]);
  const [authority] = trusted();
  expect(certificate().verify(authority!.publicKey)).toBe(true);
  for (const name of ['meter.corp.local', 'meter-nats.metering.svc', 'meter-nats'])
    expect([name, certificate().checkHost(name)]).toEqual([name, name]);
  await pass();
  expect(api.writes).toHaveLength(2);
});

test('ten years on a virtual clock: the certificate is always good, its authority was known a day before, none is lost', async () => {
  const { api, clock, pass, certificate, trusted } = await setUp();
  await pass();
  const start = clock.now();
  const serials = new Set<string>();
  let known = trusted().map(({ fingerprint256 }) => fingerprint256);
  while (clock.now() < start + 3650 * DAY) {
    const { outcome, lookAt } = await pass();
    expect(outcome).toBeUndefined();
    const [now, shown] = [clock.now(), certificate()];
    serials.add(shown.serialNumber);
    expect(shown.validToDate.getTime() - now).toBeGreaterThan(29 * DAY);
    // Who heard of the authorities at the last look, a day ago or more, trusts the server.
    const signer = trusted().find(({ publicKey }) => shown.verify(publicKey));
    expect(known).toContain(signer?.fingerprint256);
    expect(lookAt).toBeGreaterThan(now);
    known = trusted().map(({ fingerprint256 }) => fingerprint256);
    clock.jump(Math.max(DAY, lookAt! - now));
  }
  expect(serials.size).toBeGreaterThan(58);
  // Another authority was made after two thirds of the ten years, and the first one went.
  expect(trusted()).toHaveLength(1);
  expect(trusted()[0]?.validToDate.getTime()).toBeGreaterThan(start + 6000 * DAY);
  expect(api.writes.length).toBeLessThan(80);
});

test('a new authority by a larger revision: announced, then shown, then alone', async () => {
  const { clock, settle, certificate, trusted } = await setUp();
  await settle();
  const [old] = trusted();
  const generated = { revision: 2, overlap: '1h' };
  await settle({ generated });
  const next = trusted()[1]!;
  expect(trusted()[0]?.fingerprint256).toBe(old?.fingerprint256);
  expect(certificate().verify(old!.publicKey)).toBe(true);
  clock.jump(3_600_000);
  await settle({ generated });
  expect(certificate().verify(next.publicKey)).toBe(true);
  expect(trusted()).toHaveLength(2);
  clock.jump(3_600_000);
  await settle({ generated });
  expect(trusted().map(({ fingerprint256 }) => fingerprint256)).toEqual([next.fingerprint256]);
});

test('other names, or a deleted Secret of the certificate, bring a new certificate of the same authority', async () => {
  const { api, pass, certificate, trusted } = await setUp();
  await pass();
  const [authority] = trusted();
  await pass({ publicServers: ['tls://10.1.2.3:4222', 'tls://[fd00::1]:4222'] });
  expect(certificate().checkIP('10.1.2.3')).toBe('10.1.2.3');
  expect(certificate().checkIP('fd00::1')).toBeDefined();
  const before = certificate().serialNumber;
  api.store.delete(SERVER);
  await pass();
  expect(certificate().serialNumber).not.toBe(before);
  expect(certificate().verify(authority!.publicKey)).toBe(true);
});

test('an authority that is lost or cannot be read is not made anew behind anybody’s back', async () => {
  const { api, pass } = await setUp();
  await pass();
  const kept = api.store.get(AUTHORITY)!;
  api.store.delete(AUTHORITY);
  const writes = api.writes.length;
  expect((await pass()).outcome).toMatchObject({ state: 'stall', reason: 'GeneratedSecretLost' });
  api.store.put(AUTHORITY, { ...kept, data: { 'authorities.json': 'W10=' } });
  const { outcome } = await pass();
  expect(outcome).toMatchObject({
    reason: 'GeneratedSecretLost',
    message: expect.stringContaining('Secret meter-authority has no authorities.json that can be read'),
  });
  expect(api.writes).toHaveLength(writes);
  api.store.put(AUTHORITY, kept);
  expect((await pass()).outcome).toBeUndefined();
});

test('who deletes the certificate as well gives the authority up: there is another one', async () => {
  const { api, pass, certificate, trusted } = await setUp();
  await pass();
  const [before] = trusted();
  api.store.delete(AUTHORITY);
  api.store.delete(SERVER);
  expect((await pass()).outcome).toBeUndefined();
  const [after] = trusted();
  expect(after?.fingerprint256).not.toBe(before?.fingerprint256);
  expect(certificate().verify(after!.publicKey)).toBe(true);
});

test('they go with their ProcessMeter only where the deletion policy says so', async () => {
  const { api, settle } = await setUp();
  const owners = (): number[] =>
    [AUTHORITY, SERVER].map((path) => api.store.get(path)?.metadata.ownerReferences?.length ?? 0);
  await settle();
  expect(owners()).toEqual([0, 0]);
  await settle({ deletionPolicy: 'Delete' });
  expect(owners()).toEqual([1, 1]);
});

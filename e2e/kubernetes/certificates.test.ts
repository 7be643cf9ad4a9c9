import { X509Certificate } from 'node:crypto';
import type { Lab } from '@process-meter/e2e/lab';
import { makeLocalAuthority } from '@process-meter/local';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeVolumes } from './docs/volumes.ts';
import { evaluationProcessMeter } from './installation.ts';
import type { OperatorProcess } from './operator-process.ts';
import { until } from './owned-objects.ts';
import { certificatePlayer } from './testing/certificate-player.ts';
import { CERTIFICATES, serve } from './testing/foreign-definitions.ts';
import { everythingTold, secretValues, secretsIn } from './testing/known-secrets.ts';
import { operatedNamespace, type OperatedNamespace } from './testing/operated-namespace.ts';
import { startLabWithDefinitions } from './world.ts';

const CERTIFICATE = 'certificates.cert-manager.io/meter-nats-certificate';
const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
/** The shortest overlap that there is. */
const OVERLAP_MS = 30_000;

let lab: Lab;
let own: OperatedNamespace;
let issued: OperatedNamespace;
let operator: OperatorProcess;

beforeAll(async () => {
  lab = await startLabWithDefinitions({ nodes: 2, availableAtOnce: true, podLog: ['a line of a log'] });
  await makeVolumes(lab, 8);
  [own, issued] = await Promise.all([
    operatedNamespace(lab, 'own-authority'),
    operatedNamespace(lab, 'cert-manager'),
  ]);
  await own.apply([withTls({ mode: 'Generated' })]);
  await issued.apply([
    withTls({ mode: 'CertManager', certManager: { issuerRef: { name: 'corp', kind: 'ClusterIssuer' } } }),
  ]);
  [operator] = await Promise.all([own.operate({ PM_LOG_LEVEL: 'trace' }), issued.operate()]);
});
afterAll(async () => {
  await Promise.all([own?.stop(), issued?.stop()]);
  await lab?.stop();
});

function withTls(tls: object): object {
  const messaging = {
    mode: 'Embedded',
    embedded: { replicas: 3, tls },
    publicServers: ['tls://meter.corp.local:4222', 'tls://10.1.2.3:4222'],
  };
  return evaluationProcessMeter({ messaging });
}

async function valueOf(place: OperatedNamespace, secret: string, key: string): Promise<string> {
  const found = await place.find(`secret/${secret}`);
  return Buffer.from(found?.data[key] ?? '', 'base64').toString();
}
const shown = async (): Promise<X509Certificate> =>
  new X509Certificate(await valueOf(own, 'meter-nats-server', 'tls.crt'));
const trusted = async (): Promise<X509Certificate[]> =>
  ((await valueOf(own, 'meter-authority', 'ca.crt')).match(PEM) ?? []).map((pem) => new X509Certificate(pem));

/** Templates of what runs pods, by `Kind/name`: who has another one is rolled. */
async function templates(place: OperatedNamespace): Promise<Map<string, string>> {
  const found = await place.list('deployments,statefulsets');
  return new Map(
    found.map(({ kind, metadata, spec }) => [`${kind}/${metadata.name}`, JSON.stringify(spec['template'])]),
  );
}

/** Whose pods are rolled by something that is done. */
async function rolledBy(place: OperatedNamespace, act: () => Promise<unknown>): Promise<string[]> {
  await place.ready();
  const before = await templates(place);
  await act();
  await place.writesAtRest();
  const after = await templates(place);
  return [...after.keys()].filter((name) => after.get(name) !== before.get(name)).toSorted();
}

/** Puts something behind a value of a Secret. */
async function change(place: OperatedNamespace, secret: string, key: string): Promise<void> {
  const value = Buffer.from(`${await valueOf(place, secret, key)}\n`).toString('base64');
  await place.kubectl('patch', `secret/${secret}`, '-p', JSON.stringify({ data: { [key]: value } }));
}

describe('an authority of its own', () => {
  test('it gets ready with a certificate for every name, and the Manager knows the authority', async () => {
    await own.ready();
    const certificate = await shown();
    const end = certificate.validToDate.toISOString().slice(0, 10);
    await own.says('MessagingReady', 'True ServersReady', `their certificate ends ${end}.`);
    const [authority] = await trusted();
    expect(certificate.verify(authority!.publicKey)).toBe(true);
    expect(certificate.checkHost('meter.corp.local')).toBeDefined();
    expect(certificate.checkHost('meter-nats.own-authority.svc')).toBeDefined();
    expect(certificate.checkIP('10.1.2.3')).toBeDefined();
    expect(await own.find('manager.processmeter.io/meter')).toMatchObject({
      spec: { messaging: { authoritiesSecretRef: { name: 'meter-authority', key: 'ca.crt' } } },
    });
    const mounted = (await templates(own)).get('Deployment/meter-manager');
    expect(mounted).toContain('"items":[{"key":"ca.crt","path":"ca.crt"}],"secretName":"meter-authority"');
  });

  test('once all is well nothing is written', async () => {
    expect(await own.writesAtRest()).toEqual([]);
  });

  test('the Secret of the certificate deleted: there is a new one, which the servers alone are rolled for', async () => {
    const before = await shown();
    const rolled = await rolledBy(own, () => own.kubectl('delete', 'secret/meter-nats-server'));
    expect(rolled).toEqual(['StatefulSet/meter-nats']);
    expect((await shown()).serialNumber).not.toBe(before.serialNumber);
  });

  test('the authority deleted: it says so, and touches nothing that runs, until it is back', async () => {
    const copy = await own.find('secret/meter-authority');
    const before = await templates(own);
    await own.kubectl('delete', 'secret/meter-authority');
    await own.says('Stalled', 'True GeneratedSecretLost', 'Secret meter-authority is gone');
    expect(await templates(own)).toEqual(before);
    const { name } = copy!.metadata;
    await own.apply([{ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: copy!.data }]);
    await own.ready();
    expect(await templates(own)).toEqual(before);
  });

  test('a new authority is announced, then shown, then alone', async () => {
    const [old] = await trusted();
    const tls = { generated: { revision: 2, overlap: `${OVERLAP_MS / 1000}s` } };
    const rolled = await rolledBy(own, () => own.change({ messaging: { embedded: { tls } } }));
    expect(rolled).toEqual(['Deployment/meter-manager']);
    const next = (await trusted())[1]!;
    expect((await shown()).verify(old!.publicKey)).toBe(true);
    await until('the servers show it', async () => (await shown()).verify(next.publicKey));
    expect((await trusted()).map(({ fingerprint256 }) => fingerprint256)).toEqual([
      old!.fingerprint256,
      next.fingerprint256,
    ]);
    await until('the old one is gone', async () => (await trusted()).length === 1);
    expect((await trusted())[0]?.fingerprint256).toBe(next.fingerprint256);
    await own.ready();
  });

  test.each([
    ['meter-service', 'token', ['Deployment/meter-manager']],
    ['meter-trust', 'operator.nk', ['Deployment/meter-manager']],
    ['meter-trust', 'ingest.creds.json', ['Deployment/meter-ingest']],
    ['meter-trust', 'nats-trust.conf', ['StatefulSet/meter-nats']],
    ['meter-nats', 'routes-password', ['StatefulSet/meter-nats']],
    ['meter-postgres', 'uri', ['Deployment/meter-ingest', 'Deployment/meter-manager']],
    // Read at the first start only.
    ['meter-admin', 'password', []],
  ])('a changed Secret %s, key %s, rolls %j and no others', async (secret, key, wanted) => {
    expect(await rolledBy(own, () => change(own, secret, key))).toEqual(wanted);
  });

  test('no secret is told: not in any object, its status, its events, the environment of a pod, or a line of the log', async () => {
    const kubectl = (...args: string[]): Promise<string> => own.kubectl(...args);
    const values = await secretValues(kubectl);
    const told = await everythingTold(kubectl);
    told.set('log of the operator', JSON.stringify(operator.log()));
    const bytes = [...told.values()].reduce((sum, text) => sum + text.length, 0);
    process.stdout.write(`certificates: ${values.length} secret values searched for in ${bytes} bytes\n`);
    expect(values.length).toBeGreaterThan(20);
    expect(bytes).toBeGreaterThan(200_000);
    expect(secretsIn(told, values)).toEqual([]);
    // Were one there, it would be found.
    const planted = new Map([['planted', `environment: PASSWORD=${values[0]}`]]);
    expect(secretsIn(planted, values)).not.toEqual([]);
  });

  test('deleted, it leaves the authority; made again, agents trust its servers as before', async () => {
    const before = await trusted();
    await own.kubectl('delete', 'processmeter/meter', '--wait=true', '--cascade=foreground', '--timeout=60s');
    await own.apply([withTls({ mode: 'Generated', generated: { revision: 2 } })]);
    await own.ready();
    expect((await trusted()).map(({ fingerprint256 }) => fingerprint256)).toEqual(
      before.map(({ fingerprint256 }) => fingerprint256),
    );
  });
});

describe('cert-manager', () => {
  const authority = makeLocalAuthority('corp');
  const pair = (): { 'ca.crt': string; 'tls.crt': string; 'tls.key': string } => {
    const { cert, key } = authority.issue();
    return { 'ca.crt': authority.certificate, 'tls.crt': cert, 'tls.key': key };
  };
  afterAll(() => authority.forget());

  test('where it is not installed it says so; one that comes later is noticed and asked', async () => {
    await issued.says('Stalled', 'True CertManagerMissing', 'cert-manager.io/v1');
    await serve(lab, CERTIFICATES);
    await issued.says('MessagingReady', 'False CertificateNotReady', 'has not been issued yet');
    expect(await issued.find(CERTIFICATE)).toMatchObject({
      spec: { issuerRef: { name: 'corp', kind: 'ClusterIssuer' }, ipAddresses: ['10.1.2.3'] },
    });
  });

  test('what cert-manager says of it is told, and once it has issued the installation gets ready', async () => {
    const player = certificatePlayer(lab, { namespace: issued.name, name: 'meter-nats-certificate' });
    await player.refuse('Referenced ClusterIssuer "corp" not found');
    await issued.says('MessagingReady', 'False CertificateNotReady', 'ClusterIssuer "corp" not found');
    await player.issue(pair());
    await issued.ready();
    expect(await issued.find('manager.processmeter.io/meter')).toMatchObject({
      spec: { messaging: { authoritiesSecretRef: { name: 'meter-nats-certificate', key: 'ca.crt' } } },
    });
    expect(await issued.writesAtRest()).toEqual([]);
  });

  test('a certificate that it renews rolls the servers alone; one of another authority the Manager too', async () => {
    const player = certificatePlayer(lab, { namespace: issued.name, name: 'meter-nats-certificate' });
    expect(await rolledBy(issued, () => player.issue(pair()))).toEqual(['StatefulSet/meter-nats']);
    const other = makeLocalAuthority('corp-2');
    const renewed = { ...pair(), 'ca.crt': other.certificate };
    other.forget();
    expect(await rolledBy(issued, () => player.issue(renewed))).toEqual([
      'Deployment/meter-manager',
      'StatefulSet/meter-nats',
    ]);
  });

  test('to an authority of its own and back: the Certificate goes and comes, the servers are never without one', async () => {
    const tls = { mode: 'Generated', certManager: null };
    await issued.change({ messaging: { embedded: { tls } } });
    await issued.ready();
    await until('the Certificate is gone', async () => (await issued.find(CERTIFICATE)) === undefined);
    const back = { mode: 'CertManager', certManager: { issuerRef: { name: 'corp' } } };
    await issued.change({ messaging: { embedded: { tls: back } } });
    await issued.ready();
    expect(await issued.find(CERTIFICATE)).toBeDefined();
  });

  test('its rights were enough', async () => {
    const writes = [...(await own.writes()), ...(await issued.writes())];
    expect(writes.filter(({ responseStatus }) => responseStatus?.code === 403)).toEqual([]);
  });
});

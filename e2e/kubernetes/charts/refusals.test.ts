import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHARTS } from './generated-files.ts';
import { KUBE_VERSION } from './golden.ts';
import { HELM_VERSIONS, helmAlone } from './helm.ts';

interface Refusal {
  readonly chart: 'process-meter-operator' | 'process-meter';
  readonly set: string;
  /** Must stand in the message: the place, and what is wrong. */
  readonly says: readonly string[];
}

const operator = (set: string, ...says: string[]): Refusal => ({
  chart: 'process-meter-operator',
  set,
  says,
});
const product = (set: string, ...says: string[]): Refusal => ({ chart: 'process-meter', set, says });

/** Values that cannot work, and what an administrator reads. */
const REFUSALS: readonly Refusal[] = [
  operator('replicas=2', "additional properties 'replicas' not allowed"),
  operator('image.tga=1', '/image', "additional properties 'tga' not allowed"),
  operator('replicaCount=0', "at '/replicaCount': minimum: got 0, want 1"),
  operator('replicaCount=two', "at '/replicaCount': got string, want integer"),
  operator('image.pullPolicy=Sometimes', '/image/pullPolicy', "'IfNotPresent', 'Always', 'Never'"),
  operator('logLevel=verbose', '/logLevel', "'Debug', 'Info', 'Warn', 'Error'"),
  operator('watchNamespaces[0]=Not_A_Name', '/watchNamespaces/0', 'does not match pattern'),
  operator('watchNamespaces={a,b}', "at '/watchNamespaces': maxItems: got 2, want 1"),
  operator('metrics.port=80', "at '/metrics/port': minimum: got 80, want 1,024"),
  operator('resources.limits.memory=lots', '/resources/limits/memory'),
  operator(
    'leaderElection.enabled=false',
    'leaderElection.enabled must be true with more than one pod: two operators would work against each other',
  ),
  operator(
    'serviceAccount.create=false',
    'serviceAccount.name is needed when serviceAccount.create is false',
  ),
  product('verzion=1', "additional properties 'verzion' not allowed"),
  product('version=latest', "at '/version'", 'does not match pattern'),
  product('manager.replicas=99', "at '/manager/replicas': maximum: got 99, want 8"),
  product('manager.replica=2', "at '/manager': additional properties 'replica' not allowed"),
  product('database.mode=MySQL', '/database/mode', "'External', 'CloudNativePG', 'Embedded'"),
  product(
    'messaging.embedded.storage.size=big',
    '/messaging/embedded/storage/size',
    'does not match pattern',
  ),
  product('images.manager.digest=abc', '/images/manager/digest'),
  product('secrets.adminPassword=short', '/secrets/adminPassword'),
  product('exposure.ingress.className=corp', "at '/exposure': missing property 'host'"),
  product(
    'database.mode=External',
    'database.mode External needs database.external.secretRef.name, a Secret with the connection URI, or secrets.databaseUri',
  ),
  product('database.external.secretRef.name=db', 'database.external is given, but database.mode is Embedded'),
  product('database.mode=CloudNativePG', 'database.mode CloudNativePG needs'),
  product(
    'messaging.mode=External',
    'messaging.mode External needs messaging.external.servers and messaging.external.trustSecretRef.name, or secrets.trust',
  ),
  product('messaging.external.servers[0]=nats://n:4222', 'messaging.external is given, but'),
  product(
    'secrets.databaseUri=postgres://db/meter',
    'secrets.databaseUri is for database.mode External only',
  ),
  product('secrets.trust.key=x', 'secrets.trust is for messaging.mode External only'),
  product(
    'secrets.adminPassword=long-enough,manager.adminSecretRef.name=a',
    'give either secrets.adminPassword or manager.adminSecretRef, not both',
  ),
  product('name=1meter', '"1meter": set name to at most 40 characters'),
  product('licensing.pools[0].name=x', "at '/licensing': additional properties 'pools' not allowed"),
  product('licensing.licensePools[0].name=x', "at '/licensing/licensePools/0': missing property 'spec'"),
  product(
    'licensing.licensePools[0].name=x,licensing.licensePools[0].spec.quantity=0',
    'licensing/licensePools/0/spec',
    "missing properties 'displayName', 'metric'",
    'minimum: got 0, want 1',
  ),
];

describe.each(HELM_VERSIONS)('Helm %i', (version) => {
  test.each(REFUSALS)('refuses $chart with $set and says why', async ({ chart, set, says }) => {
    const said = await helmAlone(version, [
      'template',
      'meter',
      join(CHARTS, chart),
      '--kube-version',
      KUBE_VERSION,
      '--set',
      set,
    ]).then(
      () => 'nothing: it was taken',
      (error: unknown) => String(error),
    );
    for (const words of says) expect(said).toContain(words);
  });
});

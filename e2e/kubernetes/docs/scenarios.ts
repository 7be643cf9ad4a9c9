import type {
  BackupReason,
  ConfigSyncReason,
  InstallationReason,
  LicensingReason,
  PartReason,
} from '@process-meter/operator/reasons';
import { makeLocalAuthority } from '@process-meter/local';
import { condition, externalProcessMeter } from '../installation.ts';
import { until } from '../owned-objects.ts';
import { clusterPlayer } from '../testing/cluster-player.ts';
import { certificatePlayer } from '../testing/certificate-player.ts';
import { CERTIFICATES, CLUSTERS, serve } from '../testing/foreign-definitions.ts';
import { giveRoom, takeRoom, type RunbookWorld } from './runbook-world.ts';

type Do = (world: RunbookWorld) => Promise<unknown>;

/** How a reason is brought about, so that its runbook can be tried. */
export interface Scenario {
  readonly reason: InstallationReason | PartReason | BackupReason | ConfigSyncReason | LicensingReason;
  /** Object and condition that say it. */
  readonly says: readonly [what: string, type: string];
  /** Makes it so. */
  readonly cause: Do;
  /** What a person does that no command of the runbook can do, before those of its part **Do**. */
  readonly remedy?: Do;
}

const METER = 'processmeter/meter';
const PORTAL = 'portal.processmeter.io/meter';
const UPGRADE = 'helm upgrade meter charts/process-meter --reset-then-reuse-values';
const MIGRATION = 'app.kubernetes.io/component=migration';

const nothing: Do = () => Promise.resolve();
export const upgrade =
  (...settings: string[]): Do =>
  ({ reader }) =>
    reader.shell(`${UPGRADE} ${settings.map((setting) => `--set ${setting}`).join(' ')}`);
const without =
  (what: string): Do =>
  ({ kubectl }) =>
    kubectl('delete', what);
/** No pod of a component is left, and there is no room for another. */
const crowdedOut =
  (component: string): Do =>
  async (world) => {
    await takeRoom(world);
    await world.kubectl('delete', 'pods', '-l', `app.kubernetes.io/component=${component}`, '--wait=false');
  };
const noNodeFor = (part: string): Do => upgrade(`${part}.nodeSelector.pool=none`);
const anyNodeFor = (part: string): Do => upgrade(`${part}.nodeSelector=null`);

async function migrateAgainWithoutRoom(world: RunbookWorld): Promise<void> {
  await takeRoom(world);
  await world.kubectl('delete', 'jobs', '-l', MIGRATION);
  await world.says({ what: METER, type: 'SchemaReady', reason: 'Migrating' });
}

/** What the Job controller writes when the tries are used up. */
async function failMigration(world: RunbookWorld): Promise<void> {
  await migrateAgainWithoutRoom(world);
  const job = (await world.kubectl('get', 'jobs', '-l', MIGRATION, '-o', 'name')).trim();
  const failed = { status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the limit' };
  const conditions = [
    { type: 'FailureTarget', ...failed },
    { type: 'Failed', ...failed },
  ];
  await setStatus(world, job, { active: 0, conditions });
}

/** What the Deployment controller writes after ten minutes without progress. */
async function makeStuck(world: RunbookWorld): Promise<void> {
  await noNodeFor('portal')(world);
  await world.says({ what: PORTAL, type: 'Ready', reason: 'RollingOut' });
  const stuck = {
    type: 'Progressing',
    status: 'False',
    reason: 'ProgressDeadlineExceeded',
    message: 'ReplicaSet has timed out progressing.',
  };
  // Until the Deployment controller, which may be writing its own, has read it.
  const where = { what: PORTAL, namespace: world.namespace, type: 'Stalled' };
  await until('the roll-out counts as stuck', async () => {
    await setStatus(world, 'deployment/meter-portal', { conditions: [stuck] });
    return (await condition(world.lab, where)) === 'True RolloutStuck';
  });
}

async function setStatus({ kubectl }: RunbookWorld, what: string, status: object): Promise<void> {
  await kubectl('patch', what, '--subresource=status', '--type=strategic', '-p', JSON.stringify({ status }));
}

async function loseKeys({ reader, kubectl }: RunbookWorld): Promise<void> {
  await reader.shell('kubectl get secret meter-trust meter-postgres -o yaml > meter-keys.yaml');
  await kubectl('delete', 'secret/meter-trust');
}

const OF_CERT_MANAGER = [
  'messaging.embedded.tls.mode=CertManager',
  'messaging.embedded.tls.certManager.issuerRef.name=corp',
];

/** What cert-manager does once its issuer is put right. */
async function issueCertificate({ lab, namespace }: RunbookWorld): Promise<void> {
  const authority = makeLocalAuthority('corp');
  const { cert, key } = authority.issue();
  const player = certificatePlayer(lab, { namespace, name: 'meter-nats-certificate' });
  await player.issue({ 'ca.crt': authority.certificate, 'tls.crt': cert, 'tls.key': key });
  authority.forget();
}

/** Another ProcessMeter in the same namespace. */
export const second = (world: RunbookWorld): Promise<unknown> =>
  world.apply([externalProcessMeter({}, 'second')]);

async function newerSchema(world: RunbookWorld): Promise<void> {
  await upgrade('upgrade.strategy=Automatic', 'version=0.3.0')(world);
  await world.kubectl('wait', METER, '--for=jsonpath={.status.version}=0.3.0', '--timeout=60s');
  await upgrade('version=0.1.0')(world);
}

/** On what the operator runs itself. The last one moves the schema on and comes last. */
export const EMBEDDED: readonly Scenario[] = [
  { reason: 'EvaluationOnly', says: [METER, 'ProductionReady'], cause: nothing },
  {
    reason: 'PausedByUser',
    says: [METER, 'Paused'],
    cause: ({ kubectl }) => kubectl('annotate', METER, 'processmeter.io/paused=true'),
  },
  { reason: 'UnknownRelease', says: [METER, 'Stalled'], cause: upgrade('version=9.9.9') },
  { reason: 'UpgradeSkipsRelease', says: [METER, 'Stalled'], cause: upgrade('version=1.0.0') },
  { reason: 'NamespaceOccupied', says: ['processmeter/second', 'Stalled'], cause: second },
  { reason: 'GeneratedSecretLost', says: [METER, 'Stalled'], cause: loseKeys },
  {
    reason: 'PostgresNotReady',
    says: [METER, 'DatabaseReady'],
    cause: crowdedOut('postgres'),
    remedy: giveRoom,
  },
  {
    reason: 'ServersCannotChange',
    says: [METER, 'Stalled'],
    cause: upgrade('messaging.embedded.replicas=3'),
  },
  { reason: 'NatsNotReady', says: [METER, 'MessagingReady'], cause: crowdedOut('nats'), remedy: giveRoom },
  {
    reason: 'CertManagerMissing',
    says: [METER, 'Stalled'],
    cause: upgrade(...OF_CERT_MANAGER),
  },
  {
    reason: 'CertificateNotReady',
    says: [METER, 'MessagingReady'],
    cause: async (world) => {
      await serve(world.lab, CERTIFICATES);
      await upgrade(...OF_CERT_MANAGER)(world);
    },
    remedy: issueCertificate,
  },
  { reason: 'Migrating', says: [METER, 'SchemaReady'], cause: migrateAgainWithoutRoom, remedy: giveRoom },
  { reason: 'MigrationFailed', says: [METER, 'Stalled'], cause: failMigration, remedy: giveRoom },
  {
    reason: 'UpgradeNotApproved',
    says: [METER, 'Stalled'],
    cause: upgrade('upgrade.strategy=Supervised', 'version=0.2.0'),
  },
  { reason: 'DowngradeRefused', says: [METER, 'Stalled'], cause: newerSchema },
];

/** On servers outside of the cluster, with an Ingress. The first one finds nothing there yet. */
export const EXTERNAL: readonly Scenario[] = [
  {
    reason: 'NotReached',
    says: [METER, 'SchemaReady'],
    cause: ({ reader }) => reader.shell('helm install meter charts/process-meter --values values.yaml'),
    remedy: ({ reader }) =>
      reader.shell(
        'kubectl create secret generic meter-database --from-literal=uri=postgres://db.corp.local/meter',
      ),
  },
  { reason: 'DatabaseSecretMissing', says: [METER, 'Stalled'], cause: without('secret/meter-database') },
  {
    reason: 'SecretMissing',
    says: ['manager.processmeter.io/meter', 'Stalled'],
    cause: without('secret/meter-database'),
  },
  { reason: 'TrustSecretMissing', says: [METER, 'Stalled'], cause: without('secret/meter-nats-trust') },
  {
    reason: 'ApiRefused',
    says: [METER, 'Reconciling'],
    cause: async (world) => {
      await takeRoom(world, 'count/ingresses.networking.k8s.io');
      await world.kubectl('delete', 'ingress/meter-web');
    },
    remedy: giveRoom,
  },
  {
    reason: 'GatewayApiMissing',
    says: [METER, 'Stalled'],
    cause: upgrade('exposure.ingress=null', 'exposure.gateway.parentRefs[0].name=edge'),
  },
];

/** On CloudNativePG, and about the parts. The first one finds no CloudNativePG. */
export const CLOUD_NATIVE: readonly Scenario[] = [
  {
    reason: 'CloudNativePGMissing',
    says: [METER, 'Stalled'],
    cause: nothing,
    remedy: giveCluster,
  },
  {
    reason: 'ClusterNotReady',
    says: [METER, 'DatabaseReady'],
    cause: ({ lab, namespace }) => clusterPlayer(lab, { namespace, name: 'pg' }).setReady(0),
    remedy: ({ lab, namespace }) => clusterPlayer(lab, { namespace, name: 'pg' }).setReady(1),
  },
  {
    reason: 'RollingOut',
    says: [PORTAL, 'Reconciling'],
    cause: noNodeFor('portal'),
  },
  {
    reason: 'RolloutStuck',
    says: [PORTAL, 'Stalled'],
    cause: makeStuck,
    remedy: anyNodeFor('portal'),
  },
  {
    reason: 'TooFewPods',
    says: [PORTAL, 'Available'],
    cause: crowdedOut('portal'),
    remedy: giveRoom,
  },
  {
    reason: 'PodsNotReady',
    says: ['manager.processmeter.io/meter', 'SchemaCompatible'],
    cause: noNodeFor('manager'),
    remedy: anyNodeFor('manager'),
  },
  ...(['Manager', 'Ingest', 'Portal'] as const).map((part): Scenario => ({
    reason: `${part}NotReady`,
    says: [METER, 'Ready'],
    cause: noNodeFor(part.toLowerCase()),
    remedy: anyNodeFor(part.toLowerCase()),
  })),
];

async function giveCluster({ lab, namespace, apply }: RunbookWorld): Promise<void> {
  await serve(lab, CLUSTERS);
  await apply([{ apiVersion: 'postgresql.cnpg.io/v1', kind: 'Cluster', metadata: { name: 'pg' }, spec: {} }]);
  const cluster = clusterPlayer(lab, { namespace, name: 'pg' });
  await cluster.giveSecret();
  await cluster.setReady(1);
}

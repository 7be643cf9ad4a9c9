import {
  API_VERSION,
  ingestSpecSchema,
  managerSpecSchema,
  portalSpecSchema,
  type KubeMetadata,
  type ProcessMeter,
} from '@process-meter/crds';
import type { Release } from '../release/catalogue.ts';
import type { Desired } from '../runtime/index.ts';
import { renderBackup } from './backup.ts';
import { AUTHORITIES_KEY, certificateSecret, renderCertificate } from './certificate.ts';
import { ingestChild, managerChild, portalChild } from './children.ts';
import { databaseSecretOf } from './database-secret.ts';
import { renderExposure } from './exposure.ts';
import { installationOf, type Bindings, type Installation } from './installation.ts';
import { migrationJob } from './migration.ts';
import { embeddedMessaging, renderNats } from './nats.ts';
import { renderNetworkPolicies, type OuterPorts } from './network-policies.ts';
import { renderIngest, renderManager, renderPortal } from './parts.ts';
import { PORTS } from './names.ts';
import { renderCluster, renderPostgres } from './postgres.ts';

/** Stands for what only a cluster knows: the checksum of a Secret. */
const UNREAD = 'not-read';

/** Everything that one ProcessMeter comes to, with its parts, as an operator would apply it. Nothing is read. */
export function renderEverything(processMeter: ProcessMeter, release: Release): Desired[] {
  const installation = installationOf(processMeter, release);
  const { embedded } = installation.spec.messaging;
  const bindings = expectedBindings(installation);
  return [
    ...databaseObjects(installation),
    ...(embedded === undefined ? [] : natsObjects(installation, embedded)),
    ...migrationJob(installation, bindings, UNREAD),
    ...withPods(managerChild(installation, bindings)),
    ...withPods(ingestChild(installation, bindings)),
    ...withPods(portalChild(installation)),
    ...renderBackup(installation, bindings),
    ...renderExposure(installation),
    ...renderNetworkPolicies(installation, usualPorts()),
  ];
}

function natsObjects(
  installation: Installation,
  embedded: NonNullable<ProcessMeter['spec']['messaging']['embedded']>,
): Desired[] {
  const certManager = embedded.tls?.certManager;
  const tlsSecretName = certificateSecret(installation, embedded);
  return [
    ...(certManager === undefined ? [] : [renderCertificate(installation, certManager)]),
    ...renderNats(installation, { ...embedded, tlsSecretName }, UNREAD),
  ];
}

function databaseObjects(installation: Installation): Desired[] {
  const { embedded, cloudNativePG } = installation.spec.database;
  if (embedded !== undefined) return renderPostgres(installation, embedded);
  return cloudNativePG?.create === undefined ? [] : [renderCluster(installation, cloudNativePG.create)];
}

function usualPorts(): OuterPorts {
  return { database: [PORTS.postgres], messaging: [PORTS.nats] };
}

function expectedBindings(installation: Installation): Bindings {
  const { spec } = installation;
  return {
    database: { secretRef: databaseSecretOf(installation) },
    messaging: spec.messaging.external ?? messagingWithAuthorities(installation),
  };
}

function messagingWithAuthorities(installation: Installation): Bindings['messaging'] {
  const { spec, names } = installation;
  const isGenerated = spec.messaging.embedded?.tls?.mode === 'Generated';
  return {
    ...embeddedMessaging(installation),
    ...(isGenerated ? { authoritiesSecretRef: { name: names.authority, key: AUTHORITIES_KEY } } : {}),
  };
}

/** A part and what its own controller makes of it. */
function withPods(child: Desired): Desired[] {
  const { kind, metadata, spec } = child.object;
  return [child, ...podsOf(kind, metadata, spec)];
}

function podsOf(kind: string, metadata: KubeMetadata, spec: unknown): Desired[] {
  const base = { apiVersion: API_VERSION, metadata };
  if (kind === 'Manager')
    return renderManager({ ...base, kind: 'Manager', spec: managerSpecSchema.parse(spec) }, UNREAD);
  if (kind === 'Ingest')
    return renderIngest({ ...base, kind: 'Ingest', spec: ingestSpecSchema.parse(spec) }, UNREAD);
  return renderPortal({ ...base, kind: 'Portal', spec: portalSpecSchema.parse(spec) }, UNREAD);
}

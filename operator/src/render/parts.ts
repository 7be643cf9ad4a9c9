import { TRUST_FILES } from '@process-meter/contract';
import type { Ingest, Manager, Portal } from '@process-meter/crds';
import type { Desired } from '../runtime/index.ts';
import { namesOf, PORTS } from './names.ts';
import { renderPart, type Part } from './part.ts';
import { secretVolume } from './pod.ts';
import { bytesOf } from './quantity.ts';

/** A Secret and the keys in it that a part reads: a change of any other key concerns nobody. */
export interface SecretUse {
  name: string;
  keys: readonly string[];
}

const SECRETS_FOLDER = '/etc/process-meter/secrets';
const ADMIN_FOLDER = '/etc/process-meter/admin';
const SERVICE_FOLDER = '/etc/process-meter/service';
const AUTHORITIES_FOLDER = '/etc/process-meter/authorities';
/** Key in the Secret of the operator's token. */
export const TOKEN_KEY = 'token';

export function managerSecrets({ spec }: Pick<Manager, 'spec'>): SecretUse[] {
  const { database, messaging, processMeterRef } = spec;
  const { authoritiesSecretRef: authorities } = messaging;
  return [
    { name: database.secretRef.name, keys: [database.secretRef.key] },
    { name: messaging.trustSecretRef.name, keys: TRUST_FILES.manager },
    { name: namesOf(processMeterRef.name).service, keys: [TOKEN_KEY] },
    ...(authorities === undefined ? [] : [{ name: authorities.name, keys: [authorities.key] }]),
  ];
}

export function ingestSecrets({ spec }: Pick<Ingest, 'spec'>): SecretUse[] {
  const { database, messaging } = spec;
  return [
    { name: database.secretRef.name, keys: [database.secretRef.key] },
    { name: messaging.trustSecretRef.name, keys: TRUST_FILES.ingest },
  ];
}

export function renderManager(manager: Manager, secretsChecksum: string): Desired[] {
  return renderPart(manager, managerPart(manager.spec), secretsChecksum);
}

function managerPart(spec: Manager['spec']): Part {
  const { database, messaging, adminSecretRef: admin } = spec;
  const { authoritiesSecretRef: authorities } = messaging;
  return {
    component: 'manager',
    script: 'manager.js',
    port: PORTS.manager,
    env: {
      PM_NATS_URL: messaging.servers.join(','),
      PM_STREAM_REPLICAS: String(messaging.streamReplicas),
      PM_STREAM_BYTES: String(bytesOf(messaging.streamSize)),
      PM_PUBLIC_NATS_URLS: (messaging.publicServers ?? messaging.servers).join(','),
      ...(authorities === undefined
        ? {}
        : { PM_AGENT_AUTHORITIES_FILE: `${AUTHORITIES_FOLDER}/${authorities.key}` }),
      PM_SECRETS_DIR: SECRETS_FOLDER,
      PM_SERVICE_TOKEN_FILE: `${SERVICE_FOLDER}/${TOKEN_KEY}`,
      PM_TIME_ZONE: spec.timeZone,
      ...(admin === undefined ? {} : { PM_ADMIN_PASSWORD_FILE: `${ADMIN_FOLDER}/password` }),
      ...(spec.trustedProxies === undefined ? {} : { PM_TRUSTED_PROXIES: spec.trustedProxies.join(',') }),
    },
    secretEnv: [{ variable: 'PM_DATABASE_URL', ...database.secretRef }],
    volumes: [
      secretVolume('trust', messaging.trustSecretRef.name, TRUST_FILES.manager),
      secretVolume('service', namesOf(spec.processMeterRef.name).service, [TOKEN_KEY]),
      ...(authorities === undefined
        ? []
        : [secretVolume('authorities', authorities.name, [authorities.key])]),
      ...(admin === undefined ? [] : [adminVolume(admin)]),
    ],
    mounts: [
      { name: 'trust', mountPath: SECRETS_FOLDER },
      { name: 'service', mountPath: SERVICE_FOLDER },
      ...(authorities === undefined ? [] : [{ name: 'authorities', mountPath: AUTHORITIES_FOLDER }]),
      ...(admin === undefined ? [] : [{ name: 'admin', mountPath: ADMIN_FOLDER }]),
    ],
  };
}

/** Read at the first start only: neither its change nor its loss is a reason to start again. */
function adminVolume({ name, key }: { name: string; key: string }): object {
  const items = [{ key, path: 'password' }];
  return { name: 'admin', secret: { secretName: name, defaultMode: 0o440, items, optional: true } };
}

export function renderIngest(ingest: Ingest, secretsChecksum: string): Desired[] {
  const { database, messaging } = ingest.spec;
  const part: Part = {
    component: 'ingest',
    script: 'ingest.js',
    port: PORTS.ingest,
    env: { PM_NATS_URL: messaging.servers.join(','), PM_SECRETS_DIR: SECRETS_FOLDER },
    secretEnv: [{ variable: 'PM_DATABASE_URL', ...database.secretRef }],
    volumes: [secretVolume('trust', messaging.trustSecretRef.name, TRUST_FILES.ingest)],
    mounts: [{ name: 'trust', mountPath: SECRETS_FOLDER }],
  };
  return renderPart(ingest, part, secretsChecksum);
}

export function renderPortal(portal: Portal, secretsChecksum: string): Desired[] {
  const { managerUrl, publicManagerUrl } = portal.spec;
  const part: Part = {
    component: 'portal',
    script: 'portal.js',
    port: PORTS.portal,
    env: {
      PM_MANAGER_URL: managerUrl,
      ...(publicManagerUrl === undefined ? {} : { PM_PUBLIC_MANAGER_URL: publicManagerUrl }),
    },
    secretEnv: [],
    volumes: [],
    mounts: [],
  };
  return renderPart(portal, part, secretsChecksum);
}

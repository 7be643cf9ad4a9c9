import type { ProcessMeterSpec } from '@process-meter/crds';
import { INGESTS, MANAGERS, PORTALS } from '../resources.ts';
import type { Desired, Resource } from '../runtime/index.ts';
import type { Release } from '../release/catalogue.ts';
import { publicServers } from './certificate.ts';
import { imageOf } from './images.ts';
import { metadataOf, type Bindings, type Installation } from './installation.ts';
import { managerUrl } from './names.ts';
import { desired } from './tidy.ts';

/** The Manager of an installation. Its replicas are left to whoever scales it when the ProcessMeter says no number. */
export function managerChild(installation: Installation, { database, messaging }: Bindings): Desired {
  const { spec, names } = installation;
  const { adminSecretRef, trustedProxies } = spec.manager ?? {};
  return child(
    installation,
    { resource: MANAGERS, component: 'Manager' },
    {
      database,
      messaging: { ...messaging, publicServers: publicServers(installation) },
      adminSecretRef: adminSecretRef ?? { name: names.admin, key: 'password' },
      trustedProxies,
      timeZone: spec.timeZone,
    },
  );
}

export function ingestChild(installation: Installation, { database, messaging }: Bindings): Desired {
  const { authoritiesSecretRef: _, ...own } = messaging;
  return child(installation, { resource: INGESTS, component: 'Ingest' }, { database, messaging: own });
}

export function portalChild(installation: Installation): Desired {
  const { name, namespace } = installation;
  return child(
    installation,
    { resource: PORTALS, component: 'Portal' },
    {
      managerUrl: managerUrl(name, namespace),
      publicManagerUrl: publicUrl(installation.spec),
    },
  );
}

/** Where people and agents reach it; undefined without exposure. A Gateway ends TLS itself. */
export function publicUrl({ exposure }: Pick<ProcessMeterSpec, 'exposure'>): string | undefined {
  if (exposure === undefined) return undefined;
  const plain = exposure.ingress !== undefined && exposure.ingress.tlsSecretName === undefined;
  return `${plain ? 'http' : 'https'}://${exposure.host}`;
}

const FIELDS = { Manager: 'manager', Ingest: 'ingest', Portal: 'portal' } as const;

function child(
  installation: Installation,
  { resource, component }: { resource: Resource; component: keyof typeof FIELDS & keyof Release['images'] },
  own: object,
): Desired {
  const { name, spec, release } = installation;
  const field = FIELDS[component];
  const pods = spec[field];
  return desired(resource, {
    metadata: metadataOf(installation, field, name),
    spec: {
      processMeterRef: { name },
      image: imageOf(spec.images, release, component),
      imagePullPolicy: spec.images.pullPolicy,
      imagePullSecrets: spec.images.pullSecrets,
      logLevel: spec.logLevel,
      replicas: pods?.replicas,
      resources: pods?.resources,
      nodeSelector: pods?.nodeSelector,
      tolerations: pods?.tolerations,
      priorityClassName: pods?.priorityClassName,
      podLabels: pods?.podLabels,
      podAnnotations: pods?.podAnnotations,
      ...own,
    },
  });
}

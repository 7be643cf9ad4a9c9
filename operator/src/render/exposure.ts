import { HTTP_ROUTES, INGRESSES } from '../resources.ts';
import type { Desired } from '../runtime/index.ts';
import { metadataOf, type Installation } from './installation.ts';
import { PORTS } from './names.ts';
import { desired } from './tidy.ts';

/** What agents ask of the Manager from outside. The rest of its API is reached through the portal. */
const AGENT_PATH = '/api/v1/agents/';

/** The way in from outside: an Ingress, a route of the Gateway API, or nothing. */
export function renderExposure(installation: Installation): Desired[] {
  const { exposure } = installation.spec;
  if (exposure === undefined) return [];
  return exposure.ingress === undefined ? route(installation) : ingress(installation);
}

/** True when the Gateway API has to be served for it. */
export function needsGateway({ spec }: Pick<Installation, 'spec'>): boolean {
  return spec.exposure?.gateway !== undefined;
}

function ingress(installation: Installation): Desired[] {
  const { exposure } = installation.spec;
  if (exposure?.ingress === undefined) return [];
  const { className, annotations, tlsSecretName } = exposure.ingress;
  const { names } = installation;
  const metadata = metadataOf(installation, 'portal', names.web);
  const to = (path: string, name: string): object => ({
    path,
    pathType: 'Prefix',
    backend: { service: { name, port: { name: 'http' } } },
  });
  return [
    desired(INGRESSES, {
      metadata: { ...metadata, ...(annotations === undefined ? {} : { annotations }) },
      spec: {
        ingressClassName: className,
        rules: [
          {
            host: exposure.host,
            http: { paths: [to(AGENT_PATH, names.manager), to('/', names.portal)] },
          },
        ],
        tls:
          tlsSecretName === undefined ? undefined : [{ hosts: [exposure.host], secretName: tlsSecretName }],
      },
    }),
  ];
}

function route(installation: Installation): Desired[] {
  const { exposure } = installation.spec;
  if (exposure?.gateway === undefined) return [];
  const { names } = installation;
  const to = (value: string, name: string, port: number): object => ({
    matches: [{ path: { type: 'PathPrefix', value } }],
    backendRefs: [{ name, port }],
  });
  return [
    desired(HTTP_ROUTES, {
      metadata: metadataOf(installation, 'portal', names.web),
      spec: {
        hostnames: [exposure.host],
        parentRefs: exposure.gateway.parentRefs,
        rules: [
          to(AGENT_PATH.replace(/\/$/, ''), names.manager, PORTS.manager),
          to('/', names.portal, PORTS.portal),
        ],
      },
    }),
  ];
}

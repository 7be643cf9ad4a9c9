import type { ProcessMeterSpec } from '@process-meter/crds';
import { isIP } from 'node:net';
import { CERTIFICATES } from '../resources.ts';
import type { Desired } from '../runtime/index.ts';
import { metadataOf, type Installation } from './installation.ts';
import { PORTS } from './names.ts';
import { desired } from './tidy.ts';

type Embedded = NonNullable<ProcessMeterSpec['messaging']['embedded']>;
type CertManager = NonNullable<NonNullable<Embedded['tls']>['certManager']>;

/** Key with the authorities behind a certificate, as cert-manager writes it too. */
export const AUTHORITIES_KEY = 'ca.crt';

/** The Secret with the certificate of the servers; undefined without TLS. */
export function certificateSecret(
  { names }: Installation,
  { tls, tlsSecretName }: Embedded,
): string | undefined {
  if (tls === undefined) return tlsSecretName;
  switch (tls.mode) {
    case 'Secret':
      return tls.secretRef?.name;
    case 'Generated':
      return names.natsServer;
    case 'CertManager':
      return names.natsCertificate;
  }
}

/** Hosts by which the servers are reached: each once, those of agents first. */
export function serverNames({ names, namespace, spec }: Installation): string[] {
  const { nats } = names;
  const named = (spec.messaging.publicServers ?? []).filter((server) => URL.canParse(server)).map(hostOf);
  const exposed = spec.exposure === undefined ? [] : [spec.exposure.host];
  return [...new Set([...named, ...exposed, `${nats}.${namespace}.svc`, `${nats}.${namespace}`, nats])];
}

function hostOf(server: string): string {
  return new URL(server).hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase();
}

/** Where agents find the servers when nobody said: by TLS, where the operator sees to the certificate. */
export function publicServers({ names, namespace, spec }: Installation): string[] | undefined {
  const { publicServers: given, embedded } = spec.messaging;
  const mode = embedded?.tls?.mode;
  if (given !== undefined || mode === undefined || mode === 'Secret') return given;
  return [`tls://${names.nats}.${namespace}.svc:${PORTS.nats}`];
}

/** What cert-manager is asked for. */
export function renderCertificate(installation: Installation, { issuerRef }: CertManager): Desired {
  const { natsCertificate } = installation.names;
  const hosts = serverNames(installation);
  const addresses = hosts.filter((host) => isIP(host) !== 0);
  return desired(CERTIFICATES, {
    metadata: metadataOf(installation, 'nats', natsCertificate),
    spec: {
      secretName: natsCertificate,
      dnsNames: hosts.filter((host) => isIP(host) === 0),
      ...(addresses.length === 0 ? {} : { ipAddresses: addresses }),
      issuerRef,
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
      usages: ['digital signature', 'server auth'],
    },
  });
}

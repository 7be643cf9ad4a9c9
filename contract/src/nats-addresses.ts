import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** Where to connect to, as options of the NATS library. */
export interface NatsAddresses {
  servers: string[];
  /** Null does not take a TLS that a server only offers. */
  tls: NatsTls | null;
}

interface NatsTls {
  handshakeFirst: false;
  /** PEM, read by the library at each handshake; empty means the authorities that the computer knows. */
  readonly ca: string;
  /** As Node calls it: undefined when the certificate is that of the server. */
  checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

const TLS = 'tls://';

/**
 * The library takes no notice of the scheme: a `tls://` server that offers no TLS, or somebody between who takes the
 * offer away, would be spoken to in the clear, and a `nats://` server that offers TLS under other names would be refused
 * for its certificate. Here the scheme decides, and with `tls` nothing is said before TLS is there.
 * @param authorities certificates, PEM, by one of which the server's must be signed; none leaves it to the computer. Asked
 * at each handshake, so that one that is announced while connected counts at the next.
 */
export function natsAddresses(
  servers: readonly string[],
  authorities: () => readonly string[] = () => [],
): NatsAddresses {
  const secured = servers.filter((server) => server.startsWith(TLS)).map(hostOf);
  return { servers: [...servers], tls: secured.length === 0 ? null : tlsOf(secured, authorities) };
}

/** The library does not tell Node the server when it is named by an address, so the certificate is held against all. */
function tlsOf(hosts: readonly string[], authorities: () => readonly string[]): NatsTls {
  return {
    handshakeFirst: false,
    get ca() {
      return authorities().join('');
    },
    checkServerIdentity: (_, certificate) => {
      const problems = hosts.map((host) => checkServerIdentity(host, certificate));
      return problems.includes(undefined) ? undefined : problems[0];
    },
  };
}

/**
 * Whether a connection failed because no authority that counts stands behind the certificate of the server, or it has
 * ended: what newer authorities may help against.
 */
export function isDistrusted(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return DISTRUST.has(String(error.code));
}

/** As OpenSSL calls them. */
const DISTRUST = new Set([
  'CERT_HAS_EXPIRED',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

function hostOf(server: string): string {
  return new URL(server).hostname.replace(/^\[(.*)\]$/, '$1');
}

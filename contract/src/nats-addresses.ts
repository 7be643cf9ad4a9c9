import { checkServerIdentity, type PeerCertificate } from 'node:tls';

/** Where to connect to, as options of the NATS library. */
export interface NatsAddresses {
  servers: string[];
  /** Null does not take a TLS that a server only offers. */
  tls: NatsTls | null;
}

interface NatsTls {
  handshakeFirst: false;
  /** As Node calls it: undefined when the certificate is that of the server. */
  checkServerIdentity: (host: string, certificate: PeerCertificate) => Error | undefined;
}

const TLS = 'tls://';

/**
 * The library takes no notice of the scheme: a `tls://` server that offers no TLS, or somebody between who takes the
 * offer away, would be spoken to in the clear, and a `nats://` server that offers TLS under other names would be refused
 * for its certificate. Here the scheme decides, and with `tls` nothing is said before TLS is there.
 */
export function natsAddresses(servers: readonly string[]): NatsAddresses {
  const secured = servers.filter((server) => server.startsWith(TLS)).map(hostOf);
  return { servers: [...servers], tls: secured.length === 0 ? null : tlsOf(secured) };
}

/** The library does not tell Node the server when it is named by an address, so the certificate is held against all. */
function tlsOf(hosts: readonly string[]): NatsTls {
  return {
    handshakeFirst: false,
    checkServerIdentity: (_, certificate) => {
      const problems = hosts.map((host) => checkServerIdentity(host, certificate));
      return problems.includes(undefined) ? undefined : problems[0];
    },
  };
}

function hostOf(server: string): string {
  return new URL(server).hostname.replace(/^\[(.*)\]$/, '$1');
}

/** Where to connect to, as options of the NATS library. */
export interface NatsAddresses {
  servers: string[];
  tls?: Record<string, never>;
}

/**
 * The library takes no notice of the scheme: a `tls://` server that offers no TLS, or somebody between who takes the
 * offer away, would be spoken to in the clear. With `tls` set, nothing is said before TLS is there.
 */
export function natsAddresses(servers: readonly string[]): NatsAddresses {
  const isTls = servers.some((server) => server.startsWith('tls://'));
  return { servers: [...servers], ...(isTls ? { tls: {} } : {}) };
}

import { nkeyFromSeed } from '@process-meter/contract';
import type { Authenticator } from '@nats-io/transport-node';
import type { Credentials } from './secrets.ts';

/** Signs the server's nonce with `node:crypto`; the client's own library is 400 times slower (ADR 3). */
export function natsAuthenticator(credentials: Credentials): Authenticator {
  const key = nkeyFromSeed(credentials.seed);
  return (nonce) => ({
    jwt: credentials.jwt,
    nkey: key.publicKey,
    sig: key.sign(Buffer.from(nonce ?? '')).toString('base64url'),
  });
}

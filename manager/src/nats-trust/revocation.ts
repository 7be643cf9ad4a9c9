import { connect, type NatsConnection } from '@nats-io/transport-node';
import { appAccountJwt, AppError, natsAddresses } from '@process-meter/contract';
import { z } from 'zod';
import { natsAuthenticator } from './authenticator.ts';
import type { Secrets } from './secrets.ts';

const answerSchema = z.object({ data: z.object({ code: z.literal(200) }) });

/** Tells the NATS servers who is out. Servers end the connections of a revoked key at once and remember it. */
export interface AccountClaims {
  /**
   * Pushes the account JWT with these revocations. @param revoked public key and instant (ms UTC) before which its
   * JWTs are void @throws AppError PM-5003 when no server took it
   */
  push(revoked: ReadonlyMap<string, number>): Promise<void>;
}

export interface AccountClaimsDeps {
  secrets: Secrets;
  servers: string;
  clock: () => number;
}

/** A connection a push: revocations are rare, and the system account's user then holds no connection in between. */
export function accountClaims({ secrets, servers, clock }: AccountClaimsDeps): AccountClaims {
  // NATS keeps the JWT with the later `iat`, in seconds: two pushes within one second would lose the second.
  let lastIssued = 0;
  return {
    async push(revoked) {
      lastIssued = Math.max(clock(), lastIssued + 1000);
      const jwt = appAccountJwt(secrets.operator, secrets.account, lastIssued, revoked);
      let connection: NatsConnection | undefined;
      try {
        connection = await connect({
          ...natsAddresses(servers.split(',')),
          name: 'manager-system',
          authenticator: natsAuthenticator(secrets.system),
          inboxPrefix: '_INBOX_manager-system',
          reconnect: false,
          timeout: 3000,
        });
        const answer = await connection.request('$SYS.REQ.CLAIMS.UPDATE', jwt, { timeout: 3000 });
        answerSchema.parse(answer.json());
      } catch (cause) {
        throw new AppError('unavailable', 'The NATS server did not take the revocation.', { cause });
      } finally {
        await connection?.close();
      }
    },
  };
}

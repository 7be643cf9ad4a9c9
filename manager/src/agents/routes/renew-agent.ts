import {
  AppError,
  nkeyVerifies,
  renewProofText,
  renewRequestSchema,
  renewResponseSchema,
} from '@process-meter/contract';
import { LIMITS } from '../../limits/index.ts';
import type { App } from '../../plugins/index.ts';
import type { AgentsDeps } from '../deps.ts';
import { agentIdentity, rememberExpiry } from '../store.ts';

/** How old a proof may be, and how far ahead an agent's clock. */
const PROOF_MS = 5 * 60_000;

export function renewAgentRoute(app: App, deps: AgentsDeps): void {
  const { db, credentials, limits, clock, authorities } = deps;
  app.post(
    '/agents/renew',
    {
      schema: {
        operationId: 'renewAgent',
        summary: 'New NATS credentials against a signature of the agent key',
        tags: ['agents'],
        security: [],
        body: renewRequestSchema,
        response: { 200: renewResponseSchema },
      },
      config: { isPublic: true, rateLimit: { max: LIMITS.renew.max, timeWindow: LIMITS.renew.windowMs } },
    },
    async (request) => {
      await limits.take('renew', request.ip);
      const { agent, at, signature } = request.body;
      const now = clock();
      const known = await agentIdentity(db, agent);
      const proof = Buffer.from(renewProofText(agent, at));
      const proven =
        known !== undefined &&
        Math.abs(now - at) <= PROOF_MS &&
        nkeyVerifies(known.publicKey, proof, Buffer.from(signature, 'base64url'));
      if (!proven) throw new AppError('badProof');
      if (known.revoked) throw new AppError('agentRevoked');
      const user = credentials.userJwt({ account: known.account, agent, publicKey: known.publicKey }, now);
      await rememberExpiry(db, agent, user.jwtExpiresAt);
      const sealed = credentials.signer.seal({
        type: 'credentials',
        to: agent,
        issuedAt: now,
        expiresAt: user.jwtExpiresAt,
        jwt: user.jwt,
        authorities: [...authorities],
      });
      return { ...user, sealed: sealed.toString('base64url') };
    },
  );
}

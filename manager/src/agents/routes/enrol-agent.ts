import { createHash } from 'node:crypto';
import { enrolRequestSchema, enrolResponseSchema } from '@process-meter/contract';
import { LIMITS } from '../../limits/index.ts';
import type { App } from '../../plugins/index.ts';
import { newAgentId, type AgentsDeps } from '../deps.ts';
import { enrolAgent, rememberExpiry } from '../store.ts';

export function enrolAgentRoute(app: App, deps: AgentsDeps): void {
  const { db, credentials, configPush, limits, clock, publicNatsUrls, authorities, log } = deps;
  app.post(
    '/agents/enrol',
    {
      schema: {
        operationId: 'enrolAgent',
        summary: 'An agent shows a one-time token and its public key',
        tags: ['agents'],
        security: [],
        body: enrolRequestSchema,
        response: { 201: enrolResponseSchema },
      },
      config: { isPublic: true, rateLimit: { max: LIMITS.enrol.max, timeWindow: LIMITS.enrol.windowMs } },
    },
    async (request, reply) => {
      await limits.take('enrol', request.ip);
      const now = clock();
      const tokenHash = createHash('sha256').update(request.body.token).digest();
      const enrolled = await enrolAgent(db, {
        tokenHash,
        request: request.body,
        newId: newAgentId(),
        now: new Date(now),
      });
      const { account, agent, accountId } = enrolled;
      const user = credentials.userJwt({ account, agent, publicKey: request.body.publicKey }, now);
      await rememberExpiry(db, agent, user.jwtExpiresAt);
      await configPush.toAgent(accountId, agent);
      log.info({ account, agent }, 'an agent enrolled');
      return reply.code(201).send({
        agent,
        account,
        servers: [...publicNatsUrls],
        ...user,
        ...credentials.macKey(agent),
        trusted: credentials.trusted.map((key) => ({ ...key })),
        authorities: [...authorities],
      });
    },
  );
}

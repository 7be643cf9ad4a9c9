import { AppError } from '@process-meter/contract';
import { z } from 'zod';
import type { App } from '../../plugins/index.ts';
import { agentParamsSchema, type AgentsDeps } from '../deps.ts';
import { revokeAgent } from '../store.ts';

export function revokeAgentRoute(app: App, { db, hub, revocations, clock, log }: AgentsDeps): void {
  app.post(
    '/agents/:id/revoke',
    {
      schema: {
        operationId: 'revokeAgent',
        summary: 'Throw an agent out for good; it is disconnected at once',
        description:
          'Answers 503 when NATS does not answer: the agent is revoked, and NATS is told when it is back.',
        tags: ['agents'],
        params: agentParamsSchema,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const who = request.who();
      const agent = request.params.id;
      const found = await revokeAgent(db, who.account.id, { agent, now: new Date(clock()) });
      if (!found) throw new AppError('notFound', 'There is no such agent.');
      await revocations.publish();
      await hub.purgeConfig(who.account.slug, agent);
      log.info({ account: who.account.slug, agent, by: who.login }, 'an agent was revoked');
      return reply.code(204).send(null);
    },
  );
}

import { agentSchema, AppError } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import { agentParamsSchema, type AgentsDeps } from '../deps.ts';
import { readAgents } from '../store.ts';

export function getAgentRoute(app: App, { db, clock }: AgentsDeps): void {
  app.get(
    '/agents/:id',
    {
      schema: {
        operationId: 'getAgent',
        summary: 'One agent',
        tags: ['agents'],
        params: agentParamsSchema,
        response: { 200: agentSchema },
      },
    },
    async (request) => {
      const { id } = request.params;
      const [agent] = await readAgents(db, request.who().account.id, { now: clock(), ids: [id] });
      if (agent === undefined) throw new AppError('notFound', 'There is no such agent.');
      return agent;
    },
  );
}

import { agentListSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import type { AgentsDeps } from '../deps.ts';
import { countStatuses } from '../model.ts';
import { readAgents, wantedRevision } from '../store.ts';

export function listAgentsRoute(app: App, { db, clock }: AgentsDeps): void {
  app.get(
    '/agents',
    {
      schema: {
        operationId: 'listAgents',
        summary: 'Agents of the account and how they stand',
        tags: ['agents'],
        response: { 200: agentListSchema },
      },
    },
    async (request) => {
      const account = request.who().account.id;
      const agents = await readAgents(db, account, { now: clock() });
      return {
        agents,
        total: agents.length,
        wantedRevision: await wantedRevision(db, account),
        counts: countStatuses(agents.map((agent) => agent.status)),
      };
    },
  );
}

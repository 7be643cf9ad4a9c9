import { agentListSchema, agentsQuerySchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import type { AgentsDeps } from '../deps.ts';
import { agentPage } from '../page-store.ts';
import { readAgents, wantedRevision } from '../store.ts';

export function listAgentsRoute(app: App, { db, pool, clock }: AgentsDeps): void {
  app.get(
    '/agents',
    {
      schema: {
        operationId: 'listAgents',
        summary: 'A page of the agents of the account and how they stand, the most pressing first',
        tags: ['agents'],
        querystring: agentsQuerySchema,
        response: { 200: agentListSchema },
      },
    },
    async (request) => {
      const account = request.who().account.id;
      const { kind, find, limit, cursor } = request.query;
      const now = clock();
      const page = await agentPage(pool, { account, now: new Date(now), kind, find, limit, cursor });
      const details = await readAgents(db, account, { now, ids: page.ids });
      const byId = new Map(details.map((agent) => [agent.id, agent]));
      return {
        agents: page.ids.flatMap((id) => byId.get(id) ?? []),
        total: page.total,
        counts: page.counts,
        kinds: page.kinds,
        next: page.next,
        previous: page.previous,
        wantedRevision: await wantedRevision(db, account),
      };
    },
  );
}

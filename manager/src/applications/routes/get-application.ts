import { applicationDetailSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import { slugParamsSchema, type ApplicationsDeps } from '../deps.ts';
import { agentsWithRevision, getApplication, rollout } from '../store.ts';

export function getApplicationRoute(app: App, { db, clock }: ApplicationsDeps): void {
  app.get(
    '/applications/:slug',
    {
      schema: {
        operationId: 'getApplication',
        summary: 'One application and which agents have its settings',
        tags: ['applications'],
        params: slugParamsSchema,
        response: { 200: applicationDetailSchema },
      },
    },
    async (request) => {
      const account = request.who().account.id;
      const found = await getApplication(db, account, { slug: request.params.slug, now: clock() });
      return {
        ...found,
        rollout: await rollout(db, account),
        agents: await agentsWithRevision(db, account, found.revision),
      };
    },
  );
}

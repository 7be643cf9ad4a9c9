import { applicationListSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import type { ApplicationsDeps } from '../deps.ts';
import { listApplications, rollout } from '../store.ts';

export function listApplicationsRoute(app: App, { db, clock }: ApplicationsDeps): void {
  app.get(
    '/applications',
    {
      schema: {
        operationId: 'listApplications',
        summary: 'Monitored applications and who has their settings',
        tags: ['applications'],
        response: { 200: applicationListSchema },
      },
    },
    async (request) => {
      const account = request.who().account.id;
      return {
        applications: await listApplications(db, account, clock()),
        rollout: await rollout(db, account),
      };
    },
  );
}

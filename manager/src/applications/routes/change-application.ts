import { applicationChangeSchema, applicationSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import { slugParamsSchema, type ApplicationsDeps } from '../deps.ts';
import { changeApplication, getApplication } from '../store.ts';

export function changeApplicationRoute(app: App, { db, configPush, clock }: ApplicationsDeps): void {
  app.put(
    '/applications/:slug',
    {
      schema: {
        operationId: 'changeApplication',
        summary: 'Change an application; refused when it changed since it was read',
        tags: ['applications'],
        params: slugParamsSchema,
        body: applicationChangeSchema,
        response: { 200: applicationSchema },
      },
    },
    async (request) => {
      const account = request.who().account.id;
      const now = clock();
      const { slug } = request.params;
      const { revision: readAt, ...settings } = request.body;
      await changeApplication(db, account, { slug, settings, readAt, now });
      configPush.changed(account);
      return getApplication(db, account, { slug, now });
    },
  );
}

import { applicationSchema, applicationSettingsSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import type { ApplicationsDeps } from '../deps.ts';
import { addApplication, getApplication } from '../store.ts';

export function addApplicationRoute(app: App, { db, configPush, clock }: ApplicationsDeps): void {
  app.post(
    '/applications',
    {
      schema: {
        operationId: 'addApplication',
        summary: 'Monitor an application',
        tags: ['applications'],
        body: applicationSettingsSchema,
        response: { 201: applicationSchema },
      },
    },
    async (request, reply) => {
      const account = request.who().account.id;
      const now = clock();
      const slug = await addApplication(db, account, { settings: request.body, now });
      configPush.changed(account);
      return reply.code(201).send(await getApplication(db, account, { slug, now }));
    },
  );
}

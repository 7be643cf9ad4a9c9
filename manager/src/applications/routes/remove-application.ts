import { z } from 'zod';
import type { App } from '../../plugins/index.ts';
import { slugParamsSchema, type ApplicationsDeps } from '../deps.ts';
import { removeApplication } from '../store.ts';

export function removeApplicationRoute(app: App, { db, configPush, clock }: ApplicationsDeps): void {
  app.delete(
    '/applications/:slug',
    {
      schema: {
        operationId: 'removeApplication',
        summary: 'End the monitoring of an application; what was recorded stays',
        tags: ['applications'],
        params: slugParamsSchema,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const account = request.who().account.id;
      await removeApplication(db, account, { slug: request.params.slug, now: clock() });
      configPush.changed(account);
      return reply.code(204).send(null);
    },
  );
}

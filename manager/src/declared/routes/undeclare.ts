import { declaredParamsSchema, undeclareQuerySchema } from '@process-meter/contract';
import { z } from 'zod';
import type { App } from '../../plugins/index.ts';
import { SERVICE_ROUTE, type DeclaredDeps } from '../deps.ts';
import { undeclare } from '../store.ts';

export function undeclareRoute(app: App, { db, configPush, clock, log }: DeclaredDeps): void {
  app.delete(
    '/declared/:kind/:namespace/:name',
    {
      schema: {
        operationId: 'undeclare',
        summary: 'Take what a resource declared out of force; kept for seven days in case it comes back',
        description: 'For the operator. PM-4009 when another resource of that name took its place.',
        tags: ['declared'],
        params: declaredParamsSchema,
        querystring: undeclareQuerySchema,
        response: { 204: z.null() },
      },
      config: SERVICE_ROUTE,
    },
    async (request, reply) => {
      const account = request.service().account.id;
      const { cluster, uid } = request.query;
      const key = { cluster, ...request.params };
      const reconfigured = await undeclare(db, account, { key, uid, now: clock() });
      if (reconfigured) configPush.changed(account);
      log.info({ ...key, uid, reconfigured }, 'a resource is declared no more');
      return reply.code(204).send(null);
    },
  );
}

import { declaredListQuerySchema, declaredListSchema, declaredParamsSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import { answersOf } from '../answer.ts';
import { SERVICE_ROUTE, type DeclaredDeps } from '../deps.ts';
import { declaredPage } from '../store.ts';

export function listDeclaredRoute(app: App, { db, clock }: DeclaredDeps): void {
  app.get(
    '/declared/:kind',
    {
      schema: {
        operationId: 'listDeclared',
        summary: 'What a cluster has declared of a kind, with what is observed of it, in pages',
        description:
          'For the operator: the sweep compares it with the resources, and the status is made of it.',
        tags: ['declared'],
        params: declaredParamsSchema.pick({ kind: true }),
        querystring: declaredListQuerySchema,
        response: { 200: declaredListSchema },
      },
      config: SERVICE_ROUTE,
    },
    async (request) => {
      const account = request.service().account.id;
      const now = clock();
      const { cluster, after, limit } = request.query;
      const rows = await declaredPage(db, account, { cluster, kind: request.params.kind, after, limit });
      const last = rows.length < limit ? undefined : rows.at(-1);
      return {
        declared: await answersOf(db, account, { rows, now }),
        next: last?.id ?? null,
        observedAt: now,
      };
    },
  );
}

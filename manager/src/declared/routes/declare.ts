import { declarationSchema, declaredParamsSchema, declaredSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import { answersOf } from '../answer.ts';
import { SERVICE_ROUTE, type DeclaredDeps } from '../deps.ts';
import { checkSpec } from '../specs.ts';
import { declare, declaredById } from '../store.ts';

export function declareRoute(app: App, { db, configPush, clock, log }: DeclaredDeps): void {
  app.put(
    '/declared/:kind/:namespace/:name',
    {
      schema: {
        operationId: 'declare',
        summary: 'Keep what a resource in Kubernetes declares',
        description:
          'For the operator. Fenced by uid and generation: PM-4009 when what is kept is newer. PM-4022 with the reason when it cannot be taken.',
        tags: ['declared'],
        params: declaredParamsSchema,
        body: declarationSchema,
        response: { 200: declaredSchema },
      },
      config: SERVICE_ROUTE,
    },
    async (request) => {
      const account = request.service().account.id;
      const now = clock();
      const { cluster, spec, ...declaration } = request.body;
      const key = { cluster, ...request.params };
      const checked = checkSpec(key.kind, spec);
      const { id, reconfigured } = await declare(db, account, { key, declaration, checked, now });
      if (reconfigured) configPush.changed(account);
      log.debug({ ...key, generation: declaration.generation, reconfigured }, 'a resource was declared');
      const [answer] = await answersOf(db, account, { rows: [await declaredById(db, account, id)], now });
      return declaredSchema.parse(answer);
    },
  );
}

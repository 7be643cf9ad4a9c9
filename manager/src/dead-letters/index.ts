import { deadLetterListSchema } from '@process-meter/contract';
import type { Db } from '../db/index.ts';
import type { App } from '../plugins/index.ts';
import { listDeadLetters } from './store.ts';

export function deadLetterRoutes(app: App, { db }: { db: Db }): void {
  app.get(
    '/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        summary: 'Batches that were refused, with the reason',
        tags: ['records'],
        response: { 200: deadLetterListSchema },
      },
    },
    (request) => listDeadLetters(db, request.who().account.id),
  );
}

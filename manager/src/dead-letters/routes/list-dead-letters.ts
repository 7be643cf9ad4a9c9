import { deadLetterListSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import type { DeadLetterDeps } from '../deps.ts';
import { listDeadLetters } from '../store.ts';

export function listDeadLettersRoute(app: App, { db }: DeadLetterDeps): void {
  app.get(
    '/dead-letters',
    {
      schema: {
        operationId: 'listDeadLetters',
        summary: 'Batches that were refused and wait, with the reason',
        tags: ['records'],
        response: { 200: deadLetterListSchema },
      },
    },
    (request) => listDeadLetters(db, request.who().account.id),
  );
}

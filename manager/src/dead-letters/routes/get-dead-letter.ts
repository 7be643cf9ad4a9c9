import { AppError, deadLetterDetailSchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import { deadLetterParamsSchema, type DeadLetterDeps } from '../deps.ts';
import { readDeadLetter } from '../store.ts';

export function getDeadLetterRoute(app: App, { db }: DeadLetterDeps): void {
  app.get(
    '/dead-letters/:id',
    {
      schema: {
        operationId: 'getDeadLetter',
        summary: 'One batch that was refused',
        description: 'The sample names fields, numbers and lengths; no text of a desktop is in it.',
        tags: ['records'],
        params: deadLetterParamsSchema,
        response: { 200: deadLetterDetailSchema },
      },
    },
    async (request) => {
      const letter = await readDeadLetter(db, request.who().account.id, request.params.id);
      if (letter === undefined) throw new AppError('notFound', 'There is no such dead letter.');
      return letter;
    },
  );
}

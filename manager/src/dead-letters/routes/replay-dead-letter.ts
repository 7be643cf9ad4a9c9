import { deadLetterReplaySchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import { deadLetterParamsSchema, type DeadLetterDeps } from '../deps.ts';
import { replayOne } from '../replay.ts';

export function replayDeadLetterRoute(app: App, deps: DeadLetterDeps): void {
  app.post(
    '/dead-letters/:id/replay',
    {
      schema: {
        operationId: 'replayDeadLetter',
        summary: 'Try a refused batch again, exactly as it came',
        description: 'Its records are committed at most once, however often and by whomever it is tried.',
        tags: ['records'],
        params: deadLetterParamsSchema,
        response: { 200: deadLetterReplaySchema },
      },
    },
    async (request) => {
      const who = request.who();
      const { id } = request.params;
      const result = await replayOne(deps, who.account.id, id);
      deps.log.info(
        { account: who.account.slug, letter: id, by: who.login, ...result },
        'a dead letter was tried',
      );
      return result;
    },
  );
}

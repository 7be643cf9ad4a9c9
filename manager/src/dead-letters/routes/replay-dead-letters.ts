import { deadLetterReplayRequestSchema, deadLetterReplaySchema } from '@process-meter/contract';
import type { App } from '../../plugins/index.ts';
import type { DeadLetterDeps } from '../deps.ts';
import { replayKind } from '../replay.ts';

export function replayDeadLettersRoute(app: App, deps: DeadLetterDeps): void {
  app.post(
    '/dead-letters/replay',
    {
      schema: {
        operationId: 'replayDeadLetters',
        summary: 'Try the refused batches of one code again, the oldest first',
        description: 'Tries at most 500 at once and tells how many are left.',
        tags: ['records'],
        body: deadLetterReplayRequestSchema,
        response: { 200: deadLetterReplaySchema },
      },
    },
    async (request) => {
      const who = request.who();
      const result = await replayKind(deps, who.account.id, request.body);
      deps.log.info(
        { account: who.account.slug, by: who.login, ...request.body, ...result },
        'dead letters were tried',
      );
      return result;
    },
  );
}

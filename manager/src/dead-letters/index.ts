import type { App } from '../plugins/index.ts';
import type { DeadLetterDeps } from './deps.ts';
import { getDeadLetterRoute } from './routes/get-dead-letter.ts';
import { listDeadLettersRoute } from './routes/list-dead-letters.ts';
import { replayDeadLetterRoute } from './routes/replay-dead-letter.ts';
import { replayDeadLettersRoute } from './routes/replay-dead-letters.ts';

export function deadLetterRoutes(app: App, deps: DeadLetterDeps): void {
  listDeadLettersRoute(app, deps);
  getDeadLetterRoute(app, deps);
  replayDeadLetterRoute(app, deps);
  replayDeadLettersRoute(app, deps);
}

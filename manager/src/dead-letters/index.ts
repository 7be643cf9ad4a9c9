import { Counter, type Registry } from 'prom-client';
import type { App } from '../plugins/index.ts';
import type { DeadLetterDeps } from './deps.ts';
import { getDeadLetterRoute } from './routes/get-dead-letter.ts';
import { listDeadLettersRoute } from './routes/list-dead-letters.ts';
import { replayDeadLetterRoute } from './routes/replay-dead-letter.ts';
import { replayDeadLettersRoute } from './routes/replay-dead-letters.ts';

export function deadLetterRoutes(
  app: App,
  { metrics, ...parts }: Omit<DeadLetterDeps, 'tried'> & { metrics: Registry },
): void {
  const tried = new Counter({
    name: 'process_meter_dead_letters_tried_total',
    help: 'Dead letters tried again, by outcome: replayed, or the code they are refused with',
    labelNames: ['outcome'],
    registers: [metrics],
  });
  const deps = { ...parts, tried: (outcome: string) => tried.inc({ outcome }) };
  listDeadLettersRoute(app, deps);
  getDeadLetterRoute(app, deps);
  replayDeadLetterRoute(app, deps);
  replayDeadLettersRoute(app, deps);
}

import { deadLetterIdSchema } from '@process-meter/contract';
import { z } from 'zod';
import type { Log } from '../log.ts';
import type { ReplayDeps } from './replay.ts';

export interface DeadLetterDeps extends ReplayDeps {
  log: Log;
}

export const deadLetterParamsSchema = z.object({ id: deadLetterIdSchema });

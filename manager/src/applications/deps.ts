import { z } from 'zod';
import type { ConfigPush } from '../config-push/index.ts';
import type { Db } from '../db/index.ts';

export interface ApplicationsDeps {
  db: Db;
  configPush: ConfigPush;
  clock: () => number;
}

export const slugParamsSchema = z.object({ slug: z.string().min(1).max(140) });

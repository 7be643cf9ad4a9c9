import type { ConfigPush } from '../config-push/index.ts';
import type { Db } from '../db/index.ts';
import type { Log } from '../log.ts';

export interface DeclaredDeps {
  db: Db;
  configPush: ConfigPush;
  clock: () => number;
  log: Log;
}

/** A first sync brings thousands at once, all from one address. */
export const SERVICE_ROUTE = {
  isService: true,
  rateLimit: { max: 60_000, timeWindow: '1 minute' },
} as const;

import { Registry } from 'prom-client';
import { readConfig } from '../ingest/config.ts';
import { startIngest, type RunningIngest } from '../ingest/ingest.ts';
import { createLog } from '../log.ts';
import type { TestChain } from './chain.ts';

/** Ingest in this process, on the servers of a chain. @param env settings beside those that name the servers */
export function testIngest(
  chain: TestChain,
  env: Readonly<Record<string, string>> = {},
  metrics = new Registry(),
): Promise<RunningIngest> {
  return startIngest({
    config: readConfig({
      PM_DATABASE_URL: chain.database.url,
      PM_NATS_URL: chain.nats.url,
      PM_SECRETS_DIR: chain.secretsDir,
      PM_PORT: '0',
      PM_LOG_LEVEL: 'silent',
      ...env,
    }),
    log: createLog('ingest', 'silent'),
    metrics,
    now: Date.now,
  });
}

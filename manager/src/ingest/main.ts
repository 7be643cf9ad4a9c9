import { createLog } from '../log.ts';
import { createMetrics } from '../metrics.ts';
import { readConfig } from './config.ts';
import { startIngest } from './ingest.ts';

const config = readConfig(process.env);
const log = createLog('ingest', config.logLevel);
const starting = startIngest({ config, log, metrics: createMetrics('ingest'), now: Date.now });

let stopping = false;
const stop = (signal: string): void => {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, 'ingest stops');
  // A start that still waits for its parts has nothing to commit.
  setTimeout(() => process.exit(0), 4500).unref();
  void starting.then((ingest) => ingest.stop()).then(() => process.exit(0));
};
process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGINT', () => stop('SIGINT'));

try {
  await starting;
} catch (error) {
  log.fatal({ err: error }, 'ingest cannot start');
  process.exit(1);
}

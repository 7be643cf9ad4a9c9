import { readConfig } from './config.ts';
import { createLog } from './log.ts';
import { startManager } from './manager.ts';
import { createMetrics } from './metrics.ts';

const config = readConfig(process.env);
const log = createLog('manager', config.logLevel);
const starting = startManager({
  config,
  log,
  metrics: createMetrics('manager'),
  clock: Date.now,
  print: (line) => process.stdout.write(`${line}\n`),
});

let stopping = false;
const stop = (signal: string): void => {
  if (stopping) return;
  stopping = true;
  log.info({ signal }, 'the Manager stops');
  // A start that still waits for its parts has nothing to finish.
  setTimeout(() => process.exit(0), 4500).unref();
  void starting.then((manager) => manager.stop()).then(() => process.exit(0));
};
process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGINT', () => stop('SIGINT'));

try {
  await starting;
} catch (error) {
  log.fatal({ err: error }, 'the Manager cannot start');
  process.exit(1);
}

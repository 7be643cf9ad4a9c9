import { mkdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { startAgent } from './agent.ts';
import { readConfig } from './config.ts';
import { ensureEnrolled } from './enrol/enrol.ts';
import { createLog } from './log.ts';
import { instanceOf } from './outbox/instance.ts';
import { lockStateFolder } from './outbox/single-instance.ts';
import { openOutbox, type Outbox } from './outbox/store.ts';
import { linuxPlatform } from './platform/linux/linux.ts';
import { VERSION } from './version.ts';

const STOP_WITHIN_MS = 4800;
const DISK_RETRY_MS = 5000;

const config = readConfig(process.env);
const log = createLog(config.logLevel);
const stopping = new AbortController();
let stopAgent: () => Promise<void> = () => Promise.resolve();

const stop = (signal: string): void => {
  if (stopping.signal.aborted) return;
  stopping.abort();
  log.info({ signal }, 'stopping');
  setTimeout(() => process.exit(0), STOP_WITHIN_MS);
  void stopAgent()
    .catch((error: unknown) => log.error({ err: error }, 'the stop was not clean'))
    .finally(() => process.exit(0));
};
process.on('SIGTERM', () => stop('SIGTERM'));
process.on('SIGINT', () => stop('SIGINT'));

/** Opens the outbox as soon as the disk lets it. */
async function openOutboxOnce(bootId: string): Promise<Outbox> {
  for (;;) {
    try {
      return openOutbox({
        folder: config.stateFolder,
        instance: instanceOf(config.stateFolder, bootId),
        budgetBytes: config.outboxBytes,
        now: Date.now,
        log,
      });
    } catch (error) {
      log.error({ err: error }, 'the outbox cannot be opened; trying again');
      await wait(DISK_RETRY_MS, undefined, { signal: stopping.signal });
    }
  }
}

try {
  mkdirSync(config.stateFolder, { recursive: true, mode: 0o700 });
  lockStateFolder(config.stateFolder);
  const platform = await linuxPlatform(process.env);
  const identity = await ensureEnrolled({ config, platform, version: VERSION, log, signal: stopping.signal });
  const outbox = await openOutboxOnce(platform.bootId);
  const running = await startAgent({
    identity,
    stateFolder: config.stateFolder,
    version: VERSION,
    outbox,
    platform,
    log,
  });
  if (stopping.signal.aborted) await running();
  stopAgent = running;
} catch (error) {
  if (!stopping.signal.aborted) {
    log.error({ err: error }, 'the agent cannot start');
    process.exitCode = 1;
    process.exit();
  }
}

import { copyFileSync, existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

const LIMIT = 20 * 1024 * 1024;
const EVERY_MS = 10 * 60_000;

/**
 * Empties each log of a folder that has grown over the limit, after keeping it as `.1`. The services write in append
 * mode, so they go on at the new end.
 */
export function limitLogs(dir: string, limit = LIMIT): void {
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir).filter((one) => one.endsWith('.log'))) {
    const file = join(dir, name);
    if (statSync(file).size <= limit) continue;
    copyFileSync(file, `${file}.1`);
    truncateSync(file);
  }
}

/** Keeps the logs of some folders within the limit from now on. @returns the end of it */
export function keepLogsLimited(dirs: readonly string[]): () => void {
  const look = (): void => {
    for (const dir of dirs) limitLogs(dir);
  };
  look();
  const timer = setInterval(look, EVERY_MS);
  return () => clearInterval(timer);
}

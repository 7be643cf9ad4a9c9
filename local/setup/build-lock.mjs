import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './commands.mjs';

const file = join(
  tmpdir(),
  `process-meter-build-${createHash('sha256').update(root).digest('hex').slice(0, 12)}.lock`,
);
const POLL_MS = 200;

/** Runs a task while no other process of this repository runs one: two builds at once would mix their files. */
export async function alone(task) {
  while (!take()) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  try {
    return await task();
  } finally {
    rmSync(file, { force: true });
  }
}

function take() {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    if (!holderLives()) rmSync(file, { force: true });
    return false;
  }
}

/** The holder of the lock; one that was killed leaves its lock behind. */
function holderLives() {
  try {
    const pid = readFileSync(file, 'utf8');
    return pid === '' || existsSync(`/proc/${pid}`);
  } catch {
    return false;
  }
}

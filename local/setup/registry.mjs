import { existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { mustRun, say } from './commands.mjs';

/** Where {@link ensureRegistry} puts it; tests find it there. */
const home = join(homedir(), '.cache', 'process-meter', 'docker-registry');

/**
 * A registry for tests, out of its Debian package. It is unpacked and not installed: the package would start a service
 * on this machine.
 */
export async function ensureRegistry() {
  if (existsSync(home)) return;
  const folder = mkdtempSync(join(tmpdir(), 'pm-registry-'));
  try {
    say('fetching a registry for the tests of bundles (once)');
    await mustRun('fetching the registry', 'apt-get', ['download', '-q', 'docker-registry'], { cwd: folder });
    const [archive] = readdirSync(folder).filter((name) => name.endsWith('.deb'));
    await mustRun('unpacking the registry', 'dpkg-deb', ['-x', archive, 'files'], { cwd: folder });
    await mustRun('keeping the registry', 'mkdir', ['-p', join(home, '..')]);
    await mustRun('keeping the registry', 'cp', ['-r', join(folder, 'files'), `${home}.${process.pid}`]);
    renameSync(`${home}.${process.pid}`, home);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

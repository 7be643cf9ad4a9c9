import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '@process-meter/e2e/lab';
import { startPostgres } from '@process-meter/local';
import { expect, onTestFinished, test } from 'vitest';
import { runManager } from './manager-command.ts';
import { BUCKET, startS3Server } from './s3-server.ts';

const PROGRAM = join(import.meta.dirname, '../../local/src/backup.ts');

/** The data folder of an appliance that does not run: a database, and what goes with it. */
async function dataFolder(dir: string): Promise<string> {
  const data = join(dir, 'data');
  mkdirSync(join(data, 'secrets'), { recursive: true });
  writeFileSync(join(data, 'secrets', 'operator.nk'), 'a key');
  writeFileSync(join(data, 'admin-password'), 'a password');
  const postgres = await startPostgres({ dataDir: join(data, 'postgres'), database: 'processmeter' });
  try {
    const { code } = await runManager(['migrate'], { PM_DATABASE_URL: postgres.url });
    expect(code).toBe(0);
  } finally {
    await postgres.stop();
  }
  return data;
}

test('the appliance of one machine goes to a bucket, and comes back from it in another folder', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pm-one-machine-'));
  // PostgreSQL runs as somebody else where the tests run as root.
  chmodSync(dir, 0o711);
  const [server, data] = await Promise.all([startS3Server(), dataFolder(dir)]);
  onTestFinished(async () => {
    await server.stop();
    rmSync(dir, { recursive: true });
  });
  const env = { ...process.env, PM_S3_ENDPOINT: `http://127.0.0.1:${server.port}`, ...server.credentials };
  const run = (...args: string[]): Promise<string> =>
    runCommand(process.execPath, [PROGRAM, ...args], { env, timeoutMs: 60_000 });
  const said = await run('backup', '--data', data, '--to', `s3://${BUCKET}/desk`, '--keep', '3');
  const [location = ''] = /s3:\S+/.exec(said) ?? [];
  expect(location).toContain(`s3://${BUCKET}/desk/process-meter-`);
  expect(existsSync(join(data, 'backups'))).toBe(false);

  const other = join(dir, 'other');
  await run('restore', '--from', location, '--key', join(data, 'backup.key'), '--data', other);
  expect(readFileSync(join(other, 'secrets', 'operator.nk'), 'utf8')).toBe('a key');
  expect(existsSync(join(other, 'postgres'))).toBe(true);
}, 120_000);

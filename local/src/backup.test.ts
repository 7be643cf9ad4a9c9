import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { signIn, type ManagerApi } from './appliance/manager-api.ts';
import { freePort } from './ports.ts';
import { startLocal } from './testing/start-local.ts';

const PROGRAM = fileURLToPath(new URL('backup.ts', import.meta.url));

async function run(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pm-copies-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 }));
  return dir;
}

const managerOf = (dir: string, password: string): Promise<ManagerApi> => {
  const ports = JSON.parse(readFileSync(join(dir, 'ports.json'), 'utf8'));
  return signIn(`http://127.0.0.1:${ports.manager}`, { account: 'default', login: 'admin', password });
};

test('an appliance that runs is backed up, and comes back in another folder with its login and its data', async () => {
  const [dir, other] = [folder(), folder()];
  const first = await startLocal(dir, '--portal-port', String(await freePort()));
  const before = await (await managerOf(dir, first.password)).applicationCount();
  const made = await run('backup', '--data', dir);
  expect(made).toMatchObject({ code: 0 });
  expect(made.output).toContain(`the secret key is in ${join(dir, 'backup.key')}`);
  await first.end('SIGTERM');

  // Also one that does not run; the key stays the one it was.
  const key = readFileSync(join(dir, 'backup.key'), 'utf8');
  const again = await run('backup', '--data', dir, '--keep', '1');
  expect(again).toMatchObject({ code: 0 });
  expect(readFileSync(join(dir, 'backup.key'), 'utf8')).toBe(key);
  const [name = '', ...more] = readdirSync(join(dir, 'backups'));
  expect(more).toEqual([]);

  const from = join(dir, 'backups', name);
  const args = ['--from', from, '--key', join(dir, 'backup.key')];
  expect(await run('restore', ...args, '--data', dir)).toMatchObject({ code: 1 });
  const back = await run('restore', ...args, '--data', other);
  expect(back).toMatchObject({ code: 0 });
  expect(readdirSync(other).filter((entry) => entry.startsWith('.restored'))).toEqual([]);
  const second = await startLocal(other, '--portal-port', String(await freePort()));
  expect(second.password).toBe(first.password);
  expect(await (await managerOf(other, second.password)).applicationCount()).toBe(before);
  await second.end('SIGTERM');
}, 120_000);

test('a restore that fails leaves no appliance behind', async () => {
  const [dir, data] = [folder(), folder()];
  const [from, key] = [join(dir, 'no-backup'), join(dir, 'key')];
  writeFileSync(from, 'something else');
  writeFileSync(key, `AGE-SECRET-KEY-1${'Q'.repeat(58)}\n`);
  const failed = await run('restore', '--from', from, '--key', key, '--data', data);
  expect(failed.code).toBe(1);
  expect(failed.output).toContain('damaged or not whole');
  expect(existsSync(join(data, 'postgres'))).toBe(false);
  const nothing = await run('backup', '--data', data);
  expect(nothing).toMatchObject({ code: 1 });
  expect(nothing.output).toContain('there is no appliance in');
}, 60_000);

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, startNats } from '@process-meter/local';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { initSecrets } from './nats-trust/index.ts';
import { testDatabase, type TestDatabase } from './testing/template-db.ts';

const dir = mkdtempSync(join(tmpdir(), 'pm-main-'));
let database: TestDatabase;
const started: ChildProcess[] = [];

beforeAll(async () => {
  database = await testDatabase(inject('postgresUrl'));
  initSecrets(join(dir, 'secrets'), Date.now());
});
afterAll(async () => {
  for (const child of started) child.kill('SIGKILL');
  await database.drop();
  rmSync(dir, { recursive: true });
});

function start(env: Record<string, string>): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      PM_DATABASE_URL: database.url,
      PM_SECRETS_DIR: join(dir, 'secrets'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let text = '';
  child.stdout.on('data', (data: Buffer) => (text += data.toString()));
  child.stderr.on('data', (data: Buffer) => (text += data.toString()));
  return { child, output: () => text };
}

async function answer(url: string, status: number): Promise<void> {
  const end = Date.now() + 15_000;
  while ((await fetch(url).catch(() => undefined))?.status !== status) {
    if (Date.now() > end) throw new Error(`${url} did not answer ${status}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function stopped(child: ChildProcess): Promise<number> {
  const exit = once(child, 'exit');
  const begin = performance.now();
  child.kill('SIGTERM');
  const [code] = await exit;
  expect(code).toBe(0);
  return performance.now() - begin;
}

test('it answers reports before NATS is there, becomes ready with it, and stops in time', async () => {
  const port = String(await freePort());
  const natsPort = await freePort();
  const passwordFile = join(dir, 'password');
  const { child, output } = start({
    PM_PORT: port,
    PM_NATS_URL: `nats://127.0.0.1:${natsPort}`,
    PM_ADMIN_PASSWORD_FILE: passwordFile,
  });
  await answer(`http://127.0.0.1:${port}/readyz`, 503);
  expect((await fetch(`http://127.0.0.1:${port}/api/v1/me`)).status).toBe(401);
  const nats = await startNats({
    port: natsPort,
    trust: (jwtDir) =>
      readFileSync(join(dir, 'secrets', 'nats-trust.conf'), 'utf8').replace(
        '"./jwt"',
        JSON.stringify(jwtDir),
      ),
  });
  await answer(`http://127.0.0.1:${port}/readyz`, 200);
  const password = readFileSync(passwordFile, 'utf8').trim();
  expect(statSync(passwordFile).mode & 0o777).toBe(0o600);
  const signIn = await fetch(`http://127.0.0.1:${port}/api/v1/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account: 'default', login: 'admin', password }),
  });
  expect(signIn.status).toBe(200);
  expect(output()).not.toContain(password);
  expect(await stopped(child)).toBeLessThan(5000);
  await nats.stop();
});

test('it stops in time while NATS is away', async () => {
  const port = String(await freePort());
  const { child } = start({ PM_PORT: port, PM_NATS_URL: `nats://127.0.0.1:${await freePort()}` });
  await answer(`http://127.0.0.1:${port}/healthz`, 200);
  expect(await stopped(child)).toBeLessThan(5000);
});

test('a wrong environment is named, and it does not start', async () => {
  const { child, output } = start({ PM_PORT: 'ninety' });
  const [code] = await once(child, 'exit');
  expect(code).toBe(1);
  expect(output()).toContain('PM_PORT');
  expect(output()).toContain('PM_NATS_URL');
});

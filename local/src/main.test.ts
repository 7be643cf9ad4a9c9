import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { signIn } from './appliance/manager-api.ts';
import { startLocal } from './testing/start-local.ts';

/** Processes that name the folder in their command line. */
function processesOn(dir: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        return '';
      }
    })
    .filter((command) => command.includes(dir));
}

test('the appliance starts, stops without a trace, and finds its data after a clean end and after kill -9', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pm-appliance-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 300 }));

  const first = await startLocal(dir);
  const ports = JSON.parse(readFileSync(join(dir, 'ports.json'), 'utf8'));
  expect((await fetch(`http://127.0.0.1:${ports.portal}/sign-in`)).status).toBe(200);
  const who = { account: 'default', login: 'admin', password: first.password };
  const api = await signIn(`http://127.0.0.1:${ports.manager}`, who);
  expect(await api.applicationCount()).toBeGreaterThan(0);
  const begun = Date.now();
  expect(await first.end('SIGINT')).toBe(0);
  expect(Date.now() - begun).toBeLessThan(10_000);
  expect(processesOn(dir)).toEqual([]);

  const second = await startLocal(dir);
  expect(second.password).toBe(first.password);
  await second.end('SIGKILL');
  await expect.poll(() => processesOn(dir), { timeout: 12_000 }).toEqual([]);

  const third = await startLocal(dir);
  expect(third.password).toBe(first.password);
  expect(JSON.parse(readFileSync(join(dir, 'ports.json'), 'utf8'))).toEqual(ports);
  await third.end('SIGTERM');
  expect(processesOn(dir)).toEqual([]);
}, 120_000);

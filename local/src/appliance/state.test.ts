import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { choosePorts, lockState, openState, resetState } from './state.ts';

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'pm-state-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

test('ports stay the same from start to start', async () => {
  const state = openState(folder());
  const first = await choosePorts(state, {}, false);
  expect(await choosePorts(state, {}, false)).toEqual(first);
});

test('a port that is asked for and taken is an error, not another port', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(choosePorts(openState(folder()), { portal: port }, false)).rejects.toThrow(`port ${port}`);
});

test('a reset leaves alone what the appliance did not write', () => {
  const dir = folder();
  const state = openState(dir);
  writeFileSync(join(dir, 'mine.txt'), 'keep');
  resetState(dir);
  expect(existsSync(state.nats)).toBe(false);
  expect(existsSync(join(dir, 'mine.txt'))).toBe(true);
});

test('the lock of a process that is gone is taken over and tells of the crash', () => {
  const dir = folder();
  writeFileSync(join(dir, 'running.pid'), '999999999');
  const lock = lockState(dir);
  expect(lock.crashedBefore).toBe(true);
  lock.release();
  expect(lockState(dir).crashedBefore).toBe(false);
});

test("a folder below one that the database's user cannot pass through is refused with the reason", () => {
  const closed = folder();
  expect(() => openState(join(closed, 'data'), true)).toThrow(`cannot pass through ${closed}`);
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from 'vitest';
import { childrenOf, identityOf, lives, processesWith } from './processes.ts';
import { until } from './wait.ts';

test('a process is itself until it ends, and never a later one with its id', async () => {
  const child = spawn('sleep', ['61.25']);
  const identity = identityOf(child.pid ?? 0)!;
  expect(lives(identity)).toBe(true);
  expect(lives({ ...identity, startTime: '1' })).toBe(false);
  await until('its arguments', () => processesWith('sleep\u000061.25').includes(identity.pid));
  expect(childrenOf(process.pid)).toContain(identity.pid);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lives(identity)).toBe(false);
  expect(processesWith('sleep\u000061.25')).toEqual([]);
});

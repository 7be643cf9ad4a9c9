import { expect, test } from '@playwright/test';
import { killPart, type Part } from '../stack/parts.ts';
import { Script } from '../stack/script.ts';
import { startStack, type Stack } from '../stack/stack.ts';
import { truthOf } from '../stack/truth.ts';

const LIMITS = { inactiveAfterMs: 5000, timeoutAfterMs: 60_000 };
const KILLED: readonly Part[] = ['nats', 'ingest', 'postgres', 'manager'];

let stack: Stack;
test.beforeAll(async () => {
  stack = await startStack();
});
test.afterAll(() => stack.stop());

test('every server killed while somebody works: the recorded time is whole', async () => {
  test.setTimeout(240_000);
  await stack.manager.monitorOnly([{ name: 'Mousepad', rules: [{ executable: 'mousepad' }], ...LIMITS }]);
  await new Promise((resolve) => setTimeout(resolve, 3000));
  const script = new Script(stack);
  try {
    await script.openInEditor('ledger.txt');
    await script.focus('ledger.txt');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    for (const part of KILLED) {
      await script.type('ledger.txt', 3000);
      killPart(stack.pid, part);
      await script.type('ledger.txt', 3000);
      await new Promise((resolve) => setTimeout(resolve, 6500));
    }
    await script.close('ledger.txt');
  } finally {
    await script.end();
  }
  const ended = async (): Promise<number> =>
    (await stack.manager.sessions().catch(() => [])).filter((session) => session.ended !== null).length;
  await expect.poll(ended, { timeout: 120_000, intervals: [1000] }).toBe(1);
  const [session] = await stack.manager.sessions();
  const [document] = session?.documentList ?? [];
  const truth = truthOf(script.deeds, LIMITS);
  for (const state of ['activeMs', 'inactiveMs', 'timeoutMs'] as const) {
    const text = `${state}: recorded ${document?.[state]}, truth ${truth[state]}`;
    expect.soft(Math.abs((document?.[state] ?? 0) - truth[state]), text).toBeLessThanOrEqual(1000);
  }
});

import { CAUSE } from '@process-meter/contract';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readIdentity } from '../enrol/identity.ts';
import { openOutbox, type Outbox } from '../outbox/store.ts';
import { testBench, type Bench } from '../testing/bench.ts';
import { Uplink } from './uplink.ts';

const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const MINUTE = 60_000;
const BEGAN = Date.now() - 86_400_000;
/** Far less than the two minutes in which the server takes a message of the same name for the same. */
const AT_ONCE = { timeout: 10_000, interval: 50 };

let bench: Bench;
beforeAll(async () => {
  bench = await testBench();
});
afterAll(() => bench.close());

let recorded = 0;
function record(outbox: Outbox, count: number): void {
  const drafts = Array.from({ length: count }, (_, i) => {
    const from = BEGAN + (recorded + i) * MINUTE;
    return { kind: 'coverage' as const, from, to: from + MINUTE, cause: CAUSE.cut };
  });
  recorded += count;
  outbox.commit(drafts, '', Date.now());
}

/** One life of an agent that watches nothing yet: its outbox and uplink. */
async function live(work: (outbox: Outbox) => Promise<void>): Promise<void> {
  const folder = bench.stateDir;
  const identity = await readIdentity(folder);
  const enrolled = identity?.enrolled ?? null;
  if (identity === null || enrolled === null) throw new Error('there is no identity');
  const outbox = openOutbox({ folder, budgetBytes: 2 ** 22, now: Date.now, log });
  const uplink = new Uplink({
    identity: { ...identity, enrolled },
    stateFolder: folder,
    version: '0.0.0-test',
    outbox,
    open: () => null,
    sessions: () => 0,
    applyConfig: () => {},
    now: Date.now,
    log,
  });
  uplink.start();
  await work(outbox);
  await uplink.stop();
  outbox.close();
}
const arrived = (): number => bench.records().length;

test('what an agent records after a restart is stored at once, also behind what was sent before and never confirmed', async () => {
  await live(async (outbox) => {
    record(outbox, 7);
    await expect.poll(arrived, AT_ONCE).toBe(7);
  });
  await live(async (outbox) => {
    record(outbox, 5);
    await expect.poll(arrived, AT_ONCE).toBe(12);
  });
});

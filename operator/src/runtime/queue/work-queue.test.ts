import { expect, test } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock.ts';
import { createMetrics, metric } from '../../testing/parts.ts';
import { backoffDelay } from './backoff.ts';
import { WorkQueue } from './work-queue.ts';

function setUp() {
  const clock = new FakeClock();
  const metrics = createMetrics();
  const queue = new WorkQueue({ clock, random: () => 0.5, metrics: metrics.queue('test') });
  return { clock, metrics, queue };
}

test('a key that waits is there once; one that is added while worked on comes again afterwards', async () => {
  const { queue } = setUp();
  queue.add('a');
  queue.add('a');
  expect(queue.depth).toBe(1);
  expect(await queue.take()).toBe('a');
  queue.add('a');
  queue.add('a');
  expect(queue.depth).toBe(0);
  queue.done('a');
  expect(queue.depth).toBe(1);
  expect(await queue.take()).toBe('a');
  queue.done('a');
  expect(queue.depth).toBe(0);
});

test('fresh changes pass a resync of thousands, and a key of the resync that changes passes the others', async () => {
  const { queue } = setUp();
  for (let count = 0; count < 5000; count += 1) queue.add(`old-${count}`, 'resync');
  queue.add('new');
  queue.add('old-4000');
  expect(await queue.take()).toBe('new');
  expect(await queue.take()).toBe('old-4000');
  expect(await queue.take()).toBe('old-0');
  expect(queue.depth).toBe(4998);
});

test('what is added again with a lower priority keeps its place', async () => {
  const { queue } = setUp();
  queue.add('a');
  queue.add('b');
  queue.add('a', 'resync');
  expect([await queue.take(), await queue.take()]).toEqual(['a', 'b']);
});

test('who has waited half a minute is next, however much is fresh', async () => {
  const { clock, queue } = setUp();
  queue.add('old', 'resync');
  await clock.advance(30_001);
  queue.add('new');
  expect(await queue.take()).toBe('old');
});

test('failures wait 0.25 s, 0.5 s … up to 5 minutes, and a success forgets them', async () => {
  const { clock, queue } = setUp();
  let taken: string | undefined;
  const work = async (): Promise<void> => {
    taken = await queue.take();
  };
  queue.add('a');
  await work();
  const waits: number[] = [];
  for (let count = 0; count < 13; count += 1) {
    queue.retry('a');
    queue.done('a');
    taken = undefined;
    const waiting = work();
    const from = clock.monotonic();
    while (taken === undefined) await clock.advance(250);
    await waiting;
    waits.push(clock.monotonic() - from);
  }
  expect(waits.slice(0, 4)).toEqual([250, 500, 1000, 2000]);
  expect(waits.at(-1)).toBe(300_000);
  expect(queue.failures('a')).toBe(13);
  queue.forget('a');
  expect(queue.failures('a')).toBe(0);
});

test('many keys that fail at once come back at the rate of the bucket, not all together', async () => {
  const { clock, queue } = setUp();
  const keys = Array.from({ length: 300 }, (_, at) => `key-${at}`);
  for (const key of keys) queue.add(key);
  for (let count = 0; count < 300; count += 1) await queue.take();
  for (const key of keys) {
    queue.retry(key);
    queue.done(key);
  }
  await clock.advance(1_000);
  expect(queue.depth).toBeGreaterThanOrEqual(100);
  expect(queue.depth).toBeLessThanOrEqual(111);
  await clock.advance(10_000);
  expect(queue.depth).toBeLessThanOrEqual(211);
  await clock.advance(10_000);
  expect(queue.depth).toBe(300);
});

test('a delay is kept to, the earlier of two counts, and a change makes it needless', async () => {
  const { clock, queue } = setUp();
  queue.addAfter('a', 5_000);
  queue.addAfter('a', 2_000);
  queue.addAfter('a', 9_000);
  await clock.advance(1_999);
  expect(queue.depth).toBe(0);
  await clock.advance(1);
  expect(queue.depth).toBe(1);
  await queue.take();
  queue.done('a');
  queue.addAfter('b', 5_000);
  queue.add('b');
  expect(await queue.take()).toBe('b');
  queue.done('b');
  await clock.advance(10_000);
  expect(queue.depth).toBe(0);
  expect(clock.timers).toBe(0);
});

test('closed, it gives out nothing, wakes who waits, and resolves when the work under way is done', async () => {
  const { clock, queue } = setUp();
  queue.add('a');
  await queue.take();
  queue.add('b');
  queue.addAfter('c', 100);
  await queue.take();
  const waiting = queue.take();
  let closed = false;
  const closing = queue.close().then(() => (closed = true));
  expect(await waiting).toBeUndefined();
  queue.done('a');
  await settle();
  expect(closed).toBe(false);
  queue.done('b');
  await closing;
  queue.add('d');
  await clock.advance(1_000);
  expect(await queue.take()).toBeUndefined();
  expect(queue.depth).toBe(0);
});

test('its metrics have the names of controller-runtime', async () => {
  const { clock, metrics, queue } = setUp();
  queue.add('a');
  queue.add('b', 'resync');
  expect(await metric(metrics, 'workqueue_depth', { name: 'test' })).toBe(2);
  await queue.take();
  await clock.advance(3_000);
  expect(await metric(metrics, 'workqueue_longest_running_processor_seconds')).toBe(3);
  expect(await metric(metrics, 'workqueue_unfinished_work_seconds')).toBe(3);
  queue.retry('a');
  queue.done('a');
  expect(await metric(metrics, 'workqueue_longest_running_processor_seconds')).toBe(0);
  expect(await metric(metrics, 'workqueue_retries_total')).toBe(1);
  expect(await metric(metrics, 'workqueue_adds_total')).toBe(2);
});

test('a jittered delay stays within its share of the plain one', () => {
  const options = { firstMs: 800, longestMs: 30_000, jitter: 0.25 };
  expect(backoffDelay(1, options, () => 0)).toBe(600);
  expect(backoffDelay(1, options, () => 1)).toBe(1000);
  expect(backoffDelay(500, options, () => 0.5)).toBe(30_000);
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FakeClock, settle } from '../../testing/fake-clock.ts';
import { createMetrics } from '../../testing/parts.ts';
import { Delays } from './delays.ts';
import { WorkQueue, type Priority } from './work-queue.ts';

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const priority = fc.constantFrom<Priority>('fresh', 'retry', 'resync');

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), key, priority }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('later' as const),
      key,
      ms: fc.integer({ min: 0, max: 5_000 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('take' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('finish' as const),
      which: fc.nat(),
      outcome: fc.constantFrom('ok', 'fail'),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 3_000 }) }),
  },
);

test('whatever happens: no key is worked on twice at once, and each wish is followed by a pass that began after it', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const clock = new FakeClock();
      const queue = new WorkQueue({ clock, random: () => 0.5, metrics: createMetrics().queue('test') });
      const working = new Set<string>();
      /** Keys for which somebody wanted work since their last pass began. */
      const wanted = new Set<string>();
      let waitingTakers = 0;

      const take = () => {
        waitingTakers += 1;
        void queue.take().then((taken) => {
          waitingTakers -= 1;
          if (taken === undefined) return;
          expect(working.has(taken)).toBe(false);
          working.add(taken);
          wanted.delete(taken);
        });
      };
      const finish = (done: string, failed: boolean) => {
        working.delete(done);
        if (failed) {
          queue.retry(done);
          wanted.add(done);
        } else queue.forget(done);
        queue.done(done);
      };

      for (const one of steps) {
        if (one.kind === 'add') {
          wanted.add(one.key);
          queue.add(one.key, one.priority);
        } else if (one.kind === 'later') {
          wanted.add(one.key);
          queue.addAfter(one.key, one.ms);
        } else if (one.kind === 'take' && waitingTakers + working.size < 3) take();
        else if (one.kind === 'finish' && working.size > 0) {
          finish([...working][one.which % working.size]!, one.outcome === 'fail');
        } else if (one.kind === 'wait') await clock.advance(one.ms);
        await settle();
      }
      // Left alone with one worker that never fails, everything that was wanted is done.
      for (let round = 0; round < 40 && (wanted.size > 0 || working.size > 0); round += 1) {
        for (const done of working) finish(done, false);
        if (waitingTakers === 0) take();
        await clock.advance(60_000);
      }
      expect([...wanted]).toEqual([]);
      await queue.close();
    }),
    { numRuns: 60 },
  );
});

test('within a priority keys come in the order in which they were first wanted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ key: fc.nat(50).map(String), priority }), { maxLength: 80 }),
      async (wishes) => {
        const queue = new WorkQueue({
          clock: new FakeClock(),
          random: () => 0.5,
          metrics: createMetrics().queue('test'),
        });
        for (const wish of wishes) queue.add(wish.key, wish.priority);
        const rank = { fresh: 0, retry: 1, resync: 2 };
        const best = new Map<string, { rank: number; at: number }>();
        for (const [at, wish] of wishes.entries()) {
          const before = best.get(wish.key);
          // A better priority puts a key at the end of the better line.
          if (before === undefined || rank[wish.priority] < before.rank)
            best.set(wish.key, { rank: rank[wish.priority], at });
        }
        const expected = [...best]
          .toSorted(([, a], [, b]) => a.rank - b.rank || a.at - b.at)
          .map(([name]) => name);
        const order: (string | undefined)[] = [];
        while (queue.depth > 0) order.push(await queue.take());
        expect(order).toEqual(expected);
      },
    ),
  );
});

test('delays give back exactly what was set, in the order of time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(30).map(String), fc.nat(1000), fc.boolean()), { maxLength: 100 }),
      (operations) => {
        const delays = new Delays();
        const model = new Map<string, number>();
        for (const [name, at, remove] of operations) {
          if (remove) {
            delays.delete(name);
            model.delete(name);
          } else {
            delays.set(name, at);
            model.set(name, Math.min(at, model.get(name) ?? Infinity));
          }
        }
        expect(delays.next).toBe(model.size === 0 ? undefined : Math.min(...model.values()));
        const taken: number[] = [];
        for (let name = delays.take(1000); name !== undefined; name = delays.take(1000)) {
          taken.push(model.get(name)!);
          model.delete(name);
        }
        expect(model.size).toBe(0);
        expect(taken).toEqual(taken.toSorted((a, b) => a - b));
      },
    ),
  );
});

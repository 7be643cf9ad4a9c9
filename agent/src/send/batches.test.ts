import { CAUSE, type AgentRecord } from '@process-meter/contract';
import { expect, test } from 'vitest';
import { BatchPlan, RESEND_AFTER_MS } from './batches.ts';

const HOUR = 3_600_000;
const START = 1_800_000_000_000;

/** An outbox of plain records, and a Manager that refuses every batch with one of the bad ones in it. */
class Chain {
  readonly records = new Map<number, AgentRecord>();
  readonly buried: number[] = [];
  readonly committed: number[] = [];
  readonly plan: BatchPlan;
  readonly #bad: ReadonlySet<number>;
  now = START;
  sent = 0;

  constructor(count: number, bad: readonly number[]) {
    this.#bad = new Set(bad);
    for (let seq = 1; seq <= count; seq += 1) this.add(seq);
    this.plan = new BatchPlan({
      read: (from, limit) => this.#read(from, limit),
      bury: (seq) => {
        this.buried.push(seq);
        this.records.delete(seq);
      },
    });
  }

  add(seq: number): void {
    this.records.set(seq, { kind: 'coverage', seq, from: START, to: START, cause: CAUSE.cut });
  }

  #read(from: number, limit: number): AgentRecord[] {
    const seqs = [...this.records.keys()].filter((seq) => seq >= from).toSorted((a, b) => a - b);
    const run = seqs.filter((seq, i) => i === 0 || seqs[i - 1] === seq - 1);
    const end = seqs.findIndex((seq, i) => i > 0 && seqs[i - 1] !== seq - 1);
    return (end === -1 ? run : seqs.slice(0, end)).slice(0, limit).map((seq) => this.records.get(seq)!);
  }

  /** Sends all that is due now. A batch without a bad record is committed at once when the Manager works. */
  flush(managerWorks = true): void {
    for (let batch = this.plan.next(this.now); batch !== null; batch = this.plan.next(this.now)) {
      this.sent += 1;
      this.plan.stored(batch, this.now);
      const { first, last } = batch;
      const seqs = batch.records.map(({ seq }) => seq);
      if (!managerWorks || seqs.some((seq) => this.#bad.has(seq))) continue;
      this.committed.push(...seqs);
      for (const seq of seqs) this.records.delete(seq);
      this.plan.committed([[first, last]]);
    }
  }
}

test('one record that is refused holds up no other of its batch, and is given up after about a month', () => {
  const chain = new Chain(250, [42]);
  chain.flush();
  expect(chain.committed).toHaveLength(150);
  for (let hours = 0; hours < 24; hours += 1) {
    chain.now += HOUR;
    chain.flush();
  }
  expect([...chain.records.keys()]).toEqual([42]);
  expect(chain.committed).toHaveLength(249);
  expect(new Set(chain.committed).size).toBe(249);
  expect(chain.buried).toEqual([]);
  for (let hours = 0; hours < 31 * 24; hours += 1) {
    chain.now += HOUR;
    chain.flush();
  }
  expect(chain.buried).toEqual([42]);
  expect(chain.records.size).toBe(0);
  expect(chain.sent).toBeLessThan(31 * 24 + 50);
});

test('while nothing at all is committed no record is thought to be refused, however long that takes', () => {
  const chain = new Chain(100, []);
  for (let hours = 0; hours < 2000; hours += 1) {
    chain.flush(false);
    chain.now += HOUR;
  }
  expect(chain.buried).toEqual([]);
  chain.now += RESEND_AFTER_MS;
  chain.flush();
  expect(chain.committed).toHaveLength(100);
  expect(chain.records.size).toBe(0);
});

test('only a batch with nothing behind it is the last, also where a hole makes it short or it is sent again', () => {
  const chain = new Chain(10, []);
  chain.records.delete(5);
  const first = chain.plan.next(START)!;
  expect([first.first, first.last, chain.plan.isLast(first)]).toEqual([1, 4, false]);
  chain.plan.stored(first, START);
  const second = chain.plan.next(START)!;
  expect([second.first, second.last, chain.plan.isLast(second)]).toEqual([6, 10, true]);
  const again = chain.plan.next(START + RESEND_AFTER_MS)!;
  expect([again.first, chain.plan.isLast(again)]).toEqual([1, false]);
});

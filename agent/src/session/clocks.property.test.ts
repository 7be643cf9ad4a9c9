import { agentRecordSchema, CAUSE, decodeBatch, encodeBatch, STATE } from '@process-meter/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { InputClock } from '../collect/input-clock.ts';
import { createTimeline, type ClockReading } from './timeline.ts';
import { application, Desk, focusOn, HOUR, MINUTE, picture, START } from './testing/desk.ts';

const DAY = 24 * HOUR;
const SECOND = 1000;
const MINUTES = 5 * MINUTE;
/** The timeline follows a slewed wall clock by at most one per cent. */
const SLEW = 1.01;

/** A computer with clocks that are set and stop, and an agent that looks once a second, as the collector does. */
class Computer {
  readonly desk = new Desk();
  #clock: ClockReading = { wall: START, monotonic: 5000, boot: 9000 };
  readonly #timeline = createTimeline(this.#clock);
  readonly #inputs = new InputClock();
  /** By the monotonic clock. */
  #lastInput = 5000;
  #document = 'a';
  watched = 0;

  constructor() {
    this.desk.feed({ kind: 'config', at: START, revision: 1, applications: [application(1)] });
    this.look(0);
  }

  setClock(by: number): void {
    this.#clock = { ...this.#clock, wall: this.#clock.wall + by };
  }

  sleep(span: number): void {
    const boot = this.#clock.boot! + span;
    this.#clock = { ...this.#clock, wall: this.#clock.wall + span, boot };
  }

  type(): void {
    this.#lastInput = this.#clock.monotonic;
  }

  open(document: string): void {
    this.#document = document;
  }

  /** Time passes, and the agent looks. */
  look(passed: number): void {
    this.watched += passed;
    const { wall, monotonic, boot } = this.#clock;
    this.#clock = { wall: wall + passed, monotonic: monotonic + passed, boot: boot! + passed };
    const { at, interruption } = this.#timeline.tick(this.#clock);
    if (interruption !== null) {
      this.desk.feed({ kind: 'interruption', cause: interruption });
      this.#inputs.forget();
    }
    const asked = { monotonic: this.#clock.monotonic, at };
    const lastInput = this.#inputs.read(asked, this.#clock.monotonic - this.#lastInput);
    this.desk.feed({ kind: 'tick', at, lastInput, busy: new Set() });
    const sessions = picture({ 1: [this.#document] }, at);
    this.desk.feed({ kind: 'desktop', at, sessions, focus: focusOn(1, this.#document) });
  }

  /** Works or idles for so long. */
  spend(span: number, typing: boolean): void {
    for (let passed = 0; passed < span; passed += SECOND) {
      if (typing) this.type();
      this.look(SECOND);
    }
  }

  active(): number {
    return this.sum(STATE.active);
  }

  sum(state?: number): number {
    return this.desk
      .of('segment')
      .filter((segment) => state === undefined || segment.state === state)
      .reduce((sum, { started, ended }) => sum + ended - started, 0);
  }
}

function expectSound({ desk }: Computer): void {
  for (const document of desk.of('document').filter(({ closed }) => closed !== null)) {
    const own = desk.of('segment').filter((segment) => segment.document === document.document);
    const edges = [
      document.opened,
      ...own.flatMap(({ started, ended }) => [started, ended]),
      document.closed!,
    ];
    // Tiled: every end is the next beginning, and none is before it.
    for (let i = 0; i < edges.length; i += 2) expect(edges[i + 1]).toBe(edges[i]);
    for (const { started, ended } of own) expect(ended).toBeGreaterThan(started);
    const session = desk.of('session').findLast((record) => record.session === document.session)!;
    expect(document.opened).toBeGreaterThanOrEqual(session.started);
    if (session.ended !== null) expect(document.closed!).toBeLessThanOrEqual(session.ended);
  }
  const ids = desk.of('document').filter(({ closed }) => closed === null);
  expect(new Set(ids.map(({ document }) => document)).size).toBe(ids.length);
  for (const [i, draft] of desk.drafts.entries()) {
    const record = agentRecordSchema.parse({ ...draft, seq: i + 1 });
    const { body, encoding } = encodeBatch({
      account: 'default',
      agent: 'aaaaaaaaaaaa',
      epoch: 1,
      sentAt: START,
      records: [record],
      open: null,
    });
    expect(() => decodeBatch(body, encoding)).not.toThrow();
  }
}

const event = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('spend' as const),
      span: fc.integer({ min: 1, max: 150 }),
      typing: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('clock' as const),
      by: fc.constantFrom(-DAY, -HOUR, -2000, -900, 900, 2000, HOUR, DAY),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('sleep' as const),
      span: fc.integer({ min: 2000, max: 20 * HOUR }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('stall' as const), span: fc.integer({ min: 4100, max: HOUR }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('open' as const), name: fc.constantFrom('a', 'b') }) },
);

test('whatever the clocks do, nothing is negative, nothing overlaps in a document, and no span is longer than it was', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 25 }), (events) => {
      const computer = new Computer();
      let unwatched = 0;
      for (const next of events) {
        if (next.do === 'spend') computer.spend(next.span * SECOND, next.typing);
        if (next.do === 'clock') computer.setClock(next.by);
        if (next.do === 'sleep') computer.sleep(next.span);
        if (next.do === 'open') computer.open(next.name);
        if (next.do === 'stall') {
          computer.look(next.span);
          unwatched += next.span;
        }
      }
      computer.desk.feed({ kind: 'stop' });
      expectSound(computer);
      const watched = computer.watched - unwatched;
      expect(computer.sum()).toBeLessThanOrEqual(watched * SLEW);
      const covered = computer.desk.of('coverage').reduce((sum, { from, to }) => sum + to - from, 0);
      expect(covered).toBeLessThanOrEqual(watched * SLEW);
      // One document is shown all the time: what is covered is what it lived.
      expect(Math.abs(covered - computer.sum())).toBeLessThanOrEqual(events.length * 10);
    }),
    { numRuns: 60 },
  );
});

test.for([-DAY, -HOUR, HOUR, DAY])(
  'after a step of the clock by %i ms all time is counted as before it',
  (by) => {
    const computer = new Computer();
    computer.spend(MINUTES, true);
    computer.setClock(by);
    computer.spend(MINUTES, true);
    computer.spend(MINUTES, false);
    computer.desk.feed({ kind: 'stop' });
    expectSound(computer);
    expect(computer.desk.of('document').map(({ closeCause }) => closeCause)).toContain(CAUSE.clockStep);
    expect(Math.abs(computer.active() - 2 * MINUTES)).toBeLessThan(3 * SECOND);
    expect(Math.abs(computer.sum() - 3 * MINUTES)).toBeLessThan(3 * SECOND);
  },
);

test('ten minutes of sleep are in no segment, and what was typed before is no input after', () => {
  const computer = new Computer();
  computer.spend(MINUTES, true);
  computer.sleep(10 * MINUTE);
  computer.spend(MINUTES, false);
  computer.desk.feed({ kind: 'stop' });
  expectSound(computer);
  expect(computer.desk.of('document').map(({ closeCause }) => closeCause)).toContain(CAUSE.suspended);
  expect(Math.abs(computer.active() - MINUTES)).toBeLessThan(3 * SECOND);
  expect(Math.abs(computer.sum() - 2 * MINUTES)).toBeLessThan(3 * SECOND);
  const asleep = [START + MINUTES + 2 * SECOND, START + MINUTES + 10 * MINUTE - 2 * SECOND] as const;
  const inSleep = computer.desk
    .of('segment')
    .filter(({ started, ended }) => ended > asleep[0] && started < asleep[1]);
  expect(inSleep).toEqual([]);
});

test.for([-DAY, -HOUR, HOUR, DAY])('a step of the clock by %i ms is no input', (by) => {
  const computer = new Computer();
  computer.spend(MINUTES, true);
  computer.setClock(by);
  computer.spend(MINUTES, false);
  computer.desk.feed({ kind: 'stop' });
  expect(Math.abs(computer.active() - MINUTES)).toBeLessThan(3 * SECOND);
});

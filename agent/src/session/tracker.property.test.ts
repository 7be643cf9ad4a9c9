import { CAUSE, SEGMENT_CAP_MS, SEGMENT_FLAG, STATE, type StateCode } from '@process-meter/contract';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LockCause } from './sample.ts';
import { Desk, HOUR, MINUTE, START, application, focusOn, picture, type DraftOf } from './testing/desk.ts';

const DOCUMENTS = ['a', 'b'] as const;
const PLACES = [1, 2].flatMap((id) => DOCUMENTS.map((name) => ({ id, name })));

const action = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('input' as const), ago: fc.nat(3000) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('focus' as const), place: fc.nat(4) }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('toggle' as const), place: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('process' as const), id: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('lock' as const),
      cause: fc.constantFrom<(LockCause | null)[]>(CAUSE.locked, CAUSE.disconnected, null, null),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('busy' as const), which: fc.nat(3) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('interruption' as const),
      cause: fc.constantFrom(CAUSE.suspended, CAUSE.clockStep, CAUSE.stalled, CAUSE.displayLost),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('config' as const),
      inactive: fc.constantFrom(5000, 30_000, MINUTE, HOUR),
      timeout: fc.constantFrom(MINUTE, 5 * MINUTE, 24 * HOUR),
      only: fc.constantFrom<(readonly number[])[]>([1, 2], [1, 2], [1], []),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'save' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'restart' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'stop' as const }) },
  { weight: 5, arbitrary: fc.constant({ do: 'tick' as const }) },
);
type Action = typeof action extends fc.Arbitrary<infer T> ? T : never;
const pause = fc.oneof(
  { weight: 4, arbitrary: fc.nat(3000) },
  { weight: 3, arbitrary: fc.nat(2 * MINUTE) },
  { weight: 1, arbitrary: fc.nat(20 * HOUR) },
);
const steps = fc.array(fc.tuple(pause, action), { minLength: 1, maxLength: 60 });

/** A person, a desktop and an agent: does what the collector does, at any times. */
class Play {
  readonly desk = new Desk();
  now = START;
  #shown = new Set<number>();
  #runs = [0, 0];
  #alive = [true, true];
  #focus = 4;
  #lastInput: number | null = null;
  #busy = 0;
  #configured: readonly number[] = [1, 2];

  constructor() {
    this.#configure({ do: 'config', inactive: MINUTE, timeout: 5 * MINUTE, only: [1, 2] });
    this.desk.save();
  }

  step([wait, next]: [number, Action]): void {
    this.now += wait;
    this.#apply(next);
    if (next.do === 'stop' || next.do === 'interruption') return;
    this.#look(wait);
    this.#tick();
  }

  end(): void {
    this.now += 1;
    this.desk.feed({ kind: 'stop' }, { kind: 'desktop', at: this.now, sessions: [], focus: null });
  }

  #apply(next: Action): void {
    switch (next.do) {
      case 'input':
        this.#lastInput = Math.max(this.#lastInput ?? 0, this.now - next.ago);
        return;
      case 'focus':
        this.#focus = next.place;
        return;
      case 'toggle':
        if (!this.#shown.delete(next.place)) this.#shown.add(next.place);
        return;
      case 'process':
        this.#alive[next.id] = !this.#alive[next.id];
        if (this.#alive[next.id]!) this.#runs[next.id]! += 1;
        return;
      case 'busy':
        this.#busy = next.which;
        return;
      case 'lock':
        return this.desk.feed({ kind: 'lock', at: this.now, cause: next.cause });
      case 'interruption':
        return this.desk.feed({ kind: 'interruption', cause: next.cause });
      case 'stop':
        return this.desk.feed({ kind: 'stop' });
      case 'config':
        return this.#configure(next);
      case 'save':
        return this.desk.save();
      case 'restart':
        this.desk.restart();
        return this.#configure({
          do: 'config',
          inactive: MINUTE,
          timeout: 5 * MINUTE,
          only: this.#configured,
        });
      case 'tick':
        return undefined;
    }
  }

  #configure({ inactive, timeout, only }: Extract<Action, { do: 'config' }>): void {
    this.#configured = only;
    const changes = { inactiveAfterMs: inactive, timeoutAfterMs: timeout };
    const applications = only.map((id) => application(id, { ...changes, countBusyAsActive: id === 2 }));
    this.desk.feed({ kind: 'config', at: this.now, revision: 1, applications });
  }

  #look(wait: number): void {
    const since = this.now - Math.min(wait, 1000);
    const sessions = this.#configured
      .filter((id) => this.#alive[id - 1]!)
      .flatMap((id) => {
        const names = PLACES.filter((place, index) => place.id === id && this.#shown.has(index));
        return picture({ [id]: names.map(({ name }) => name) }, since, this.#runs[id - 1]!);
      });
    const place = PLACES[this.#focus];
    const focus = place === undefined ? null : focusOn(place.id, place.name, this.#runs[place.id - 1]!);
    this.desk.feed({ kind: 'desktop', at: this.now, sessions, focus });
  }

  #tick(): void {
    const busy = new Set(
      [1, 2].filter((id) => this.#busy & id).map((id) => `boot/${id}/${this.#runs[id - 1]}`),
    );
    this.desk.feed({ kind: 'tick', at: this.now, lastInput: this.#lastInput, busy });
  }
}

function expectTiled(desk: Desk, opened: DraftOf<'document'>, closed: DraftOf<'document'>): void {
  const segments = desk.of('segment').filter(({ document }) => document === opened.document);
  let until = opened.opened;
  for (const [index, segment] of segments.entries()) {
    expect(segment.started).toBe(until);
    expect(segment.ended).toBeGreaterThan(segment.started);
    expect(segment.ended - segment.started).toBeLessThanOrEqual(SEGMENT_CAP_MS);
    const continued = (segment.flags & SEGMENT_FLAG.continued) !== 0;
    if (index > 0) expect(segment.state === segments[index - 1]!.state).toBe(continued);
    until = segment.ended;
  }
  expect(until).toBe(closed.closed);
}

test('whatever happens, the segments of each document tile its life inside its session and the coverage', () => {
  fc.assert(
    fc.property(steps, (list) => {
      const play = new Play();
      for (const step of list) play.step(step);
      play.end();
      const { desk } = play;
      const documents = desk.of('document');
      const sessions = desk.of('session');
      const opened = documents.filter(({ closed }) => closed === null);
      expect(new Set(opened.map(({ document }) => document)).size).toBe(opened.length);
      expect(documents.length).toBe(2 * opened.length);
      for (const document of opened) {
        const closed = documents.find(
          (other) => other.document === document.document && other.closed !== null,
        );
        expectTiled(desk, document, closed!);
        const ended = sessions.filter(
          ({ session, ended: end }) => session === document.session && end !== null,
        );
        expect(ended).toHaveLength(1);
        expect(ended[0]!.started).toBeLessThanOrEqual(document.opened);
        expect(ended[0]!.ended).toBeGreaterThanOrEqual(closed!.closed!);
      }
      for (const session of new Set(sessions.map((record) => record.session))) {
        const segments = desk.of('segment').filter((segment) => segment.session === session);
        const starts = segments.filter(({ flags }) => flags & SEGMENT_FLAG.sessionStart);
        expect(starts).toHaveLength(Math.min(1, segments.length));
        expect(sessions.filter((record) => record.session === session)).toHaveLength(2);
      }
      expectCovered(desk);
    }),
    { numRuns: 400 },
  );
});

function expectCovered(desk: Desk): void {
  const coverage = desk.of('coverage').toSorted((a, b) => a.from - b.from);
  for (const [index, piece] of coverage.entries()) {
    expect(piece.to).toBeGreaterThan(piece.from);
    if (index > 0) expect(piece.from).toBeGreaterThanOrEqual(coverage[index - 1]!.to);
  }
  for (const { started, ended } of desk.of('segment')) {
    const inside = coverage.map(({ from, to }) => Math.max(0, Math.min(to, ended) - Math.max(from, started)));
    expect(inside.reduce((sum, part) => sum + part, 0)).toBe(ended - started);
  }
}

// The oracle: states second by second, computed with all events known in advance.
const INACTIVE = 5;
const TIMEOUT = 60;
const event = fc.oneof(
  { weight: 3, arbitrary: fc.constant('input' as const) },
  { weight: 2, arbitrary: fc.constantFrom('focus a' as const, 'focus b' as const, 'focus none' as const) },
  { weight: 1, arbitrary: fc.constantFrom('lock' as const, 'unlock' as const) },
);
const gap = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 9 }) },
  { weight: 1, arbitrary: fc.integer({ min: 50, max: 80 }) },
);
type Event = typeof event extends fc.Arbitrary<infer T> ? T : never;

function oracle(
  name: string,
  events: ReadonlyMap<number, Event>,
  [opened, end]: [number, number],
): StateCode[] {
  let focus = 'none';
  let locked = false;
  const marks: { at: number; input: boolean }[] = [];
  for (const [at, happened] of events) {
    if (happened === 'input' && focus === name && !locked && at >= opened) marks.push({ at, input: true });
    if (happened.startsWith('focus')) {
      if (focus === name && happened !== `focus ${name}`) marks.push({ at, input: false });
      focus = happened.slice('focus '.length);
    }
    if (happened === 'lock') marks.push({ at, input: false });
    if (happened === 'lock' || happened === 'unlock') locked = happened === 'lock';
  }
  const states: StateCode[] = [];
  for (let at = opened; at < end; at += 1) states.push(stateAt(at, marks, [opened, end]));
  return states;
}

function stateAt(
  at: number,
  marks: readonly { at: number; input: boolean }[],
  [opened, end]: [number, number],
): StateCode {
  let idle = opened;
  for (const [index, mark] of marks.entries()) {
    if (!mark.input) continue;
    const next = marks[index + 1]?.at ?? end;
    const activeUntil = next - mark.at < INACTIVE ? next : mark.at;
    if (at < mark.at) break;
    if (at < activeUntil) return STATE.active;
    idle = activeUntil;
  }
  return at - idle < TIMEOUT ? STATE.inactive : STATE.timeout;
}

test('the states of one or two documents are, second by second, those of an oracle that knows all in advance', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(gap, event), { maxLength: 40 }), fc.nat(30), (list, second) => {
      const events = new Map<number, Event>();
      let end = 0;
      for (const [wait, happened] of list) events.set((end += wait), happened);
      end = Math.max(end, second) + 90;
      const desk = playSeconds(events, second, end);
      for (const [name, opened] of [
        ['a', 0],
        ['b', second],
      ] as const) {
        const document = desk.of('document').find((record) => record.name === name)!.document;
        const states = desk
          .of('segment')
          .filter((segment) => segment.document === document)
          .flatMap(({ state, started, ended }) => Array<number>((ended - started) / 1000).fill(state));
        expect(states).toEqual(oracle(name, events, [opened, end]));
      }
    }),
    { numRuns: 300 },
  );
});

function playSeconds(events: ReadonlyMap<number, Event>, second: number, end: number): Desk {
  const desk = new Desk();
  const app = application(1, { inactiveAfterMs: INACTIVE * 1000, timeoutAfterMs: TIMEOUT * 1000 });
  desk.feed({ kind: 'config', at: START, revision: 1, applications: [app] });
  let focus = 'none';
  let lastInput: number | null = null;
  for (let elapsed = 0; elapsed <= end; elapsed += 1) {
    const at = START + elapsed * 1000;
    const happened = events.get(elapsed);
    if (happened === 'input') lastInput = at;
    if (happened?.startsWith('focus') === true) focus = happened.slice('focus '.length);
    if (happened === 'lock') desk.feed({ kind: 'lock', at, cause: CAUSE.locked });
    if (happened === 'unlock') desk.feed({ kind: 'lock', at, cause: null });
    const sessions = picture({ 1: elapsed < second ? ['a'] : ['a', 'b'] }, at);
    desk.feed({ kind: 'desktop', at, sessions, focus: focus === 'none' ? null : focusOn(1, focus) });
    desk.feed({ kind: 'tick', at, lastInput, busy: new Set() });
  }
  desk.feed({ kind: 'stop' });
  return desk;
}

import { CAUSE, SEGMENT_CAP_MS, SEGMENT_FLAG, STATE, type AgentApplication } from '@process-meter/contract';
import { expect, test } from 'vitest';
import { Desk, HOUR, MINUTE, START, application, focusOn, picture } from './testing/desk.ts';

const SECOND = 1000;
const nobody: ReadonlySet<string> = new Set();
const configure = (desk: Desk, seconds: number, ...applications: AgentApplication[]): void =>
  desk.feed({ kind: 'config', at: START + seconds * SECOND, revision: 1, applications });
const show = (desk: Desk, seconds: number, documents: readonly string[], focus: string | null): void =>
  desk.feed({
    kind: 'desktop',
    at: START + seconds * SECOND,
    sessions: picture({ 1: documents }, START + seconds * SECOND),
    focus: focus === null ? null : focusOn(1, focus),
  });
const tick = (desk: Desk, seconds: number, input: number | null = null, busy = nobody): void =>
  desk.feed({
    kind: 'tick',
    at: START + seconds * SECOND,
    lastInput: input === null ? null : START + input * SECOND,
    busy,
  });

/** One application that is watched, with these documents open since 0 s. */
function watching(
  documents: readonly string[],
  focus: string | null,
  changes?: Partial<AgentApplication>,
): Desk {
  const desk = new Desk();
  configure(desk, 0, application(1, changes));
  show(desk, 0, documents, focus);
  return desk;
}

test('input belongs to the focused document only', () => {
  const desk = watching(['a', 'b'], 'a');
  tick(desk, 10, 10);
  tick(desk, 20, 20);
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual(['I 0-10', 'A 10-20']);
  expect(desk.story('b')).toEqual(['I 0-20']);
});

test('input before the focus came counts for nobody', () => {
  const desk = watching(['a'], null);
  show(desk, 10, ['a'], 'a');
  tick(desk, 11, 9);
  tick(desk, 12, 9);
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual(['I 0-12']);
});

test('a document that loses the focus is Inactive at that instant', () => {
  const desk = watching(['a', 'b'], 'a');
  tick(desk, 10, 10);
  show(desk, 30, ['a', 'b'], 'b');
  tick(desk, 40, 40);
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual(['I 0-10', 'A 10-30', 'I 30-40']);
  expect(desk.of('segment').find(({ started }) => started === START + 30 * SECOND)?.cause).toBe(
    CAUSE.focusLost,
  );
});

test('without input it is Inactive dated back to the last input, and Timeout at its instant', () => {
  const desk = watching(['a'], 'a');
  tick(desk, 10, 10);
  tick(desk, 25, 25);
  tick(desk, 84, 25);
  expect(desk.tracker.open()?.documents[0]?.state).toBe(STATE.active);
  tick(desk, 85, 25);
  expect(desk.tracker.open()?.documents[0]).toMatchObject({
    state: STATE.inactive,
    since: START + 25 * SECOND,
    cause: CAUSE.noInput,
  });
  // The tick that sees it is late by 40 s.
  tick(desk, 25 + 940, 25);
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual(['I 0-10', 'A 10-25', 'I 25-925', 'T 925-965']);
});

test('a lock makes all Inactive at once, and what is typed to unlock is no input', () => {
  const desk = watching(['a'], 'a');
  tick(desk, 10, 10);
  desk.feed({ kind: 'lock', at: START + 20 * SECOND, cause: CAUSE.locked });
  tick(desk, 28, 28);
  desk.feed({ kind: 'lock', at: START + 30 * SECOND, cause: null });
  tick(desk, 31, 29.5);
  tick(desk, 40, 40);
  tick(desk, 50, 50);
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual(['I 0-10', 'A 10-20', 'I 20-40', 'A 40-50']);
  expect(desk.of('segment').find(({ started }) => started === START + 20 * SECOND)?.cause).toBe(CAUSE.locked);
});

test('a busy session is Active where its rule says so, under the document that had the focus last', () => {
  const busy = new Set(['boot/1/0']);
  const run = (countBusyAsActive: boolean): Desk => {
    const desk = watching(['a', 'b'], 'b', { countBusyAsActive });
    show(desk, 5, ['a', 'b'], null);
    for (let at = 10; at <= 100; at += 10) tick(desk, at, null, busy);
    tick(desk, 160);
    desk.feed({ kind: 'stop' });
    return desk;
  };
  const counted = run(true);
  expect(counted.story('b')).toEqual(['I 0-10', 'A 10-100', 'I 100-160']);
  expect(counted.story('a')).toEqual(['I 0-160']);
  expect(counted.of('segment').map(({ cause }) => cause)).toEqual(
    expect.arrayContaining([CAUSE.busy, CAUSE.busyOver]),
  );
  expect(run(false).story('b')).toEqual(['I 0-160']);
});

test.for([CAUSE.suspended, CAUSE.clockStep, CAUSE.stalled, CAUSE.displayLost])(
  'interruption %i closes at the last good tick, and what is still there opens as a new document',
  (cause) => {
    const desk = watching(['a'], 'a');
    tick(desk, 10, 10);
    tick(desk, 20, 20);
    desk.feed({ kind: 'interruption', cause });
    show(desk, 5000, ['a'], 'a');
    tick(desk, 5010);
    desk.feed({ kind: 'stop' });
    expect(desk.story('a')).toEqual(['I 0-10', 'A 10-20', 'I 5000-5010']);
    expect(desk.of('document').map(({ closeCause }) => closeCause)).toEqual([
      null,
      cause,
      null,
      CAUSE.agentStopped,
    ]);
    expect(new Set(desk.of('document').map(({ document }) => document)).size).toBe(2);
    expect(new Set(desk.of('segment').map(({ session }) => session)).size).toBe(1);
    expect(desk.of('segment').at(-1)?.cause).toBe(CAUSE.resumed);
    expect(desk.of('segment').map(({ flags }) => flags)).toEqual([SEGMENT_FLAG.sessionStart, 0, 0]);
    expect(desk.of('coverage').map(({ from, to }) => [from - START, to - START])).toEqual([
      [0, 20_000],
      [5_000_000, 5_010_000],
    ]);
  },
);

test('a session that is gone after an interruption ended with it', () => {
  const desk = watching(['a'], 'a');
  tick(desk, 20);
  desk.feed({ kind: 'interruption', cause: CAUSE.suspended });
  desk.feed({ kind: 'desktop', at: START + HOUR, sessions: [], focus: null });
  expect(desk.of('session').at(-1)).toMatchObject({ ended: START + 20 * SECOND, endCause: CAUSE.suspended });
});

test('a stretch longer than 8 h is cut, and the rest is marked as continued', () => {
  const desk = watching(['a'], null, { timeoutAfterMs: MINUTE });
  tick(desk, (20 * HOUR) / SECOND);
  desk.feed({ kind: 'stop' });
  const cap = SEGMENT_CAP_MS / SECOND;
  expect(desk.story('a')).toEqual([
    'I 0-60',
    `T 60-${60 + cap}`,
    `T ${60 + cap}-${60 + 2 * cap}`,
    `T ${60 + 2 * cap}-72000`,
  ]);
  expect(desk.of('segment').map(({ flags }) => flags)).toEqual([
    SEGMENT_FLAG.sessionStart,
    0,
    SEGMENT_FLAG.continued,
    SEGMENT_FLAG.continued,
  ]);
});

test('after a crash the session goes on, and its document ended at the last saved tick', () => {
  const desk = watching(['a'], 'a');
  tick(desk, 10, 10);
  tick(desk, 20, 20);
  desk.save();
  tick(desk, 30, 30);
  desk.restart();
  configure(desk, 100, application(1));
  show(desk, 101, ['a'], 'a');
  tick(desk, 110);
  show(desk, 111, ['a'], 'a');
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual(['I 0-10', 'A 10-20', 'I 101-111']);
  expect(desk.of('document')[1]).toMatchObject({
    closed: START + 20 * SECOND,
    closeCause: CAUSE.agentCrashed,
  });
  expect(desk.of('segment').at(-1)).toMatchObject({ cause: CAUSE.agentStarted, flags: 0 });
  expect(desk.of('session')).toHaveLength(1);
  expect(new Set(desk.of('segment').map(({ session }) => session))).toEqual(
    new Set([desk.of('session')[0]!.session]),
  );
  expect(desk.of('coverage').map(({ from, to, cause }) => [from - START, to - START, cause])).toEqual([
    [0, 20_000, CAUSE.agentCrashed],
    [101_000, 111_000, CAUSE.agentStopped],
  ]);
});

test('after an orderly stop the session goes on, or ends with the stop when its process is gone', () => {
  const stopped = (): Desk => {
    const desk = watching(['a'], 'a');
    tick(desk, 20);
    desk.feed({ kind: 'stop' });
    desk.save();
    desk.restart();
    configure(desk, 100, application(1));
    return desk;
  };
  const there = stopped();
  show(there, 101, ['a'], 'a');
  expect(there.of('document').map(({ closeCause }) => closeCause)).toEqual([null, CAUSE.agentStopped, null]);
  expect(there.of('session')).toHaveLength(1);
  const gone = stopped();
  gone.feed({ kind: 'desktop', at: START + 101 * SECOND, sessions: [], focus: null });
  expect(gone.of('session').at(-1)).toMatchObject({
    ended: START + 20 * SECOND,
    endCause: CAUSE.agentStopped,
  });
});

test('a shorter time to Timeout never makes a Timeout before it was the rule', () => {
  const desk = watching(['a'], null, { timeoutAfterMs: HOUR });
  tick(desk, 600);
  configure(desk, 600, application(1, { timeoutAfterMs: MINUTE }));
  tick(desk, 610);
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual(['I 0-600', 'T 600-610']);
});

test('an application that is deleted ends its sessions, and added again its process is a new session', () => {
  const desk = watching(['a'], 'a');
  configure(desk, 30);
  expect(desk.of('session').at(-1)).toMatchObject({
    ended: START + 30 * SECOND,
    endCause: CAUSE.ruleChanged,
  });
  configure(desk, 40, application(1));
  show(desk, 50, ['a'], 'a');
  expect(new Set(desk.of('session').map(({ session }) => session)).size).toBe(2);
});

test('nothing is watched before there are rules', () => {
  const desk = new Desk();
  show(desk, 0, ['a'], 'a');
  tick(desk, 10, 10);
  expect(desk.drafts).toEqual([]);
  expect(desk.tracker.open()).toBeNull();
});

test('a process without a window for 10 s is a session with one nameless document, until it shows one', () => {
  const desk = watching([], null);
  tick(desk, 9.999);
  expect(desk.drafts).toEqual([]);
  tick(desk, 10);
  show(desk, 20, ['a'], null);
  desk.feed({ kind: 'stop' });
  expect(desk.story('')).toEqual(['I 0-20']);
  expect(desk.of('document')[0]).toMatchObject({ source: 'none', opened: START });
});

test('keys of documents, which can be full paths, are not written into the checkpoint', () => {
  const desk = watching(['secret-plan'], 'secret-plan');
  const text = JSON.stringify(desk.tracker.checkpoint()).replaceAll('"name":"secret-plan"', '');
  expect(text).not.toContain('secret-plan');
});

test('a document that computes stays Active without a break when it loses the focus', () => {
  const busy = new Set(['boot/1/0']);
  const desk = watching(['a', 'b'], 'a', { countBusyAsActive: true });
  tick(desk, 10, 10, busy);
  desk.feed({
    kind: 'desktop',
    at: START + 12 * SECOND,
    sessions: picture({ 1: ['a', 'b'] }, START),
    focus: null,
  });
  tick(desk, 15, 10, busy);
  tick(desk, 20, 10, busy);
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual(['I 0-10', 'A 10-20']);
  expect(desk.story('b')).toEqual(['I 0-20']);
});

test('input that is learned of late never changes a segment that was already written', () => {
  const cap = SEGMENT_CAP_MS / SECOND;
  const desk = watching(['a'], 'a', { timeoutAfterMs: 24 * HOUR });
  tick(desk, cap + 1);
  tick(desk, cap + 2, cap - 1);
  tick(desk, cap + 3, cap + 3);
  desk.feed({ kind: 'stop' });
  expect(desk.story('a')).toEqual([`I 0-${cap}`, `A ${cap}-${cap + 3}`]);
  expect(desk.of('segment').map(({ flags }) => flags)).toEqual([SEGMENT_FLAG.sessionStart, 0]);
});

test('what is held until it is certain travels with what is open', () => {
  const desk = watching(['a'], 'a');
  tick(desk, 30);
  tick(desk, 40, 40);
  const [document] = desk.tracker.open()?.documents ?? [];
  expect(document).toMatchObject({
    state: STATE.active,
    since: START + 40 * SECOND,
    held: { state: STATE.inactive, since: START, flags: SEGMENT_FLAG.sessionStart },
  });
  // The next key makes it certain: it is a segment now.
  tick(desk, 42, 42);
  expect(desk.tracker.open()?.documents[0]?.held).toBeNull();
  expect(desk.story('a').at(0)).toBe('I 0-40');
});

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { agentRecordSchema, CAUSE, type AgentRecord } from '@process-meter/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecordDraft } from '../session/sample.ts';
import { instanceOf } from './instance.ts';
import { lockStateFolder } from './single-instance.ts';
import { openOutbox, type Outbox } from './store.ts';

const START = 1_800_000_000_000;
let folder: string;
let opened: Outbox[];
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pm-outbox-'));
  opened = [];
  warnings = [];
});
afterEach(() => {
  for (const outbox of opened) outbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: { budgetBytes?: number; now?: number; folder?: string; boot?: string } = {}): Outbox {
  const where = options.folder ?? folder;
  const outbox = openOutbox({
    folder: where,
    ...(options.boot === undefined ? {} : { instance: instanceOf(where, options.boot) }),
    budgetBytes: options.budgetBytes ?? 64 * 1024 * 1024,
    now: () => options.now ?? START,
    log: { warn: (_fields, message) => void warnings.push(message) },
  });
  opened.push(outbox);
  return outbox;
}

function close(outbox: Outbox): void {
  opened = opened.filter((other) => other !== outbox);
  outbox.close();
}

const drafts = (count: number, from = START): RecordDraft[] =>
  Array.from({ length: count }, (_, index) => ({
    kind: 'coverage',
    from: from + index,
    to: from + index + 1,
    cause: CAUSE.cut,
  }));
const all = (outbox: Outbox): AgentRecord[] => {
  const records: AgentRecord[] = [];
  let from = 0;
  for (;;) {
    const next = outbox.read(from, 1000);
    if (next.length === 0) return records;
    records.push(...next);
    from = next.at(-1)!.seq + 1;
  }
};
const seqs = (outbox: Outbox): number[] => all(outbox).map(({ seq }) => seq);

test('records, checkpoint, settings and sequence survive a restart in the same epoch', () => {
  const before = open();
  before.commit(drafts(3), '{"v":1}', START);
  before.set('name', 'value');
  const rev = before.nextRev();
  close(before);
  const after = open({ now: START + 5000 });
  expect(after.epoch).toBe(before.epoch);
  expect(seqs(after)).toEqual([1, 2, 3]);
  expect(after.get('checkpoint')).toBe('{"v":1}');
  expect(after.get('name')).toBe('value');
  expect(after.nextRev()).toBeGreaterThan(rev);
  after.commit(drafts(1), '', START);
  expect(seqs(after)).toEqual([1, 2, 3, 4]);
  expect(after.get('checkpoint')).toBe('{"v":1}');
});

test('a sequence is never used again, also when all before it was trimmed', () => {
  const before = open();
  before.commit(drafts(5), '', START);
  before.trim([[1, 5]]);
  expect(before.stats()).toEqual({ waiting: 0, oldest: null, lastSeq: 5, trouble: '' });
  close(before);
  const after = open();
  after.commit(drafts(1), '', START);
  expect(seqs(after)).toEqual([6]);
});

test('only what the marks name is forgotten, and a read stops at a hole', () => {
  const outbox = open();
  outbox.commit(drafts(10), '', START);
  expect(
    outbox.trim([
      [1, 2],
      [5, 6],
      [20, 30],
    ]),
  ).toBe(4);
  expect(outbox.trim([[1, 2]])).toBe(0);
  expect(outbox.read(0, 100).map(({ seq }) => seq)).toEqual([3, 4]);
  expect(outbox.read(5, 100).map(({ seq }) => seq)).toEqual([7, 8, 9, 10]);
  expect(outbox.read(7, 2).map(({ seq }) => seq)).toEqual([7, 8]);
});

test('a record that can never be sent is put aside, blocks nothing, and its loss is a record', () => {
  const outbox = open({ now: START + 9 });
  outbox.commit(drafts(3), '', START);
  outbox.bury(1, 'refused');
  outbox.bury(1, 'refused');
  expect(all(outbox)).toMatchObject([
    { seq: 2, kind: 'coverage' },
    { seq: 3, kind: 'coverage' },
    { seq: 4, kind: 'gap', from: START, to: START, lost: 1, reason: 'unsendable', seqs: [1, 1] },
  ]);
  outbox.commit(drafts(1), '', START);
  expect(outbox.stats().lastSeq).toBe(5);
});

test('a record that no Manager would take, as one of 1970, does not hold up those after it', () => {
  const outbox = open({ now: 5 });
  outbox.commit([...drafts(1, 5), ...drafts(2), ...drafts(1, 5), ...drafts(1)], '', START);
  expect(outbox.read(0, 100).map(({ seq }) => seq)).toEqual([2, 3]);
  expect(outbox.read(4, 100).map(({ seq }) => seq)).toEqual([5, 6, 7]);
  expect(warnings).toHaveLength(2);
  expect(outbox.stats().waiting).toBe(5);
});

test('the loss of a record of 1970 is told by one that every Manager takes', () => {
  const outbox = open({ now: 5 });
  outbox.commit(drafts(1, 5), '', 5);
  expect(outbox.read(0, 100)).toEqual([]);
  expect(all(outbox)).toMatchObject([{ seq: 2, kind: 'gap', lost: 1, reason: 'unsendable', seqs: [1, 1] }]);
  expect(agentRecordSchema.safeParse(all(outbox)[0]).success).toBe(true);
});

test('over its budget the oldest records are given up, and a gap record counts each of them', () => {
  const outbox = open({ budgetBytes: 256 * 1024 });
  let written = 0;
  for (let round = 0; round < 200; round += 1) {
    outbox.commit(drafts(50, START + round * 50), `{"round":${round}}`, START + round);
    written += 50;
  }
  const records = all(outbox);
  const kept = records.filter(({ kind }) => kind !== 'gap');
  const gaps = records.filter((record) => record.kind === 'gap');
  expect(gaps.length).toBeGreaterThan(0);
  expect(gaps.every(({ reason, from, to }) => reason === 'outboxFull' && from <= to)).toBe(true);
  expect(outbox.get('checkpoint')).toBe('{"round":199}');
  expect(kept.at(-1)).toMatchObject({ from: START + written - 1 });
  // Records in a row: only the oldest are missing.
  expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => records[0]!.seq + index));
  expect(outbox.stats().lastSeq).toBe(records.at(-1)!.seq);
  expect(statSync(join(folder, 'outbox.sqlite')).size).toBeLessThanOrEqual(256 * 1024);
  expect(gaps.reduce((sum, { lost }) => sum + lost, 0)).toBe(written - kept.length);
  // Every sequence is there, or is named as given up.
  const named = new Set(records.map(({ seq }) => seq));
  for (const { seqs } of gaps) for (let seq = seqs![0]; seq <= seqs![1]; seq += 1) named.add(seq);
  expect(named.size).toBe(outbox.stats().lastSeq);
});

test.for([
  ['garbage', () => Buffer.alloc(20_000, 0xab)],
  ['a text', () => Buffer.from('not a database')],
])(
  'an outbox overwritten by %s is moved aside; a new epoch begins with a record of the loss',
  ([, content]) => {
    const before = open();
    before.commit(drafts(3), 'old', START);
    close(before);
    writeFileSync(join(folder, 'outbox.sqlite'), (content as () => Buffer)());
    const after = open({ now: START - 1000 });
    expect(warnings).toHaveLength(1);
    expect(after.epoch).toBeGreaterThan(before.epoch);
    expect(after.get('checkpoint')).toBeNull();
    expect(all(after)).toMatchObject([{ seq: 1, kind: 'gap', lost: -1, reason: 'outboxDamaged' }]);
    expect(readdirSync(folder).some((name) => name.startsWith('damaged-'))).toBe(true);
    close(after);
    expect(open().epoch).toBe(after.epoch);
  },
);

test('damage in the middle of the file is found when it is opened', () => {
  const before = open();
  for (let round = 0; round < 20; round += 1) before.commit(drafts(100), '', START);
  close(before);
  const path = join(folder, 'outbox.sqlite');
  const bytes = readFileSync(path);
  bytes.fill(0xab, 4096 * 4, 4096 * 12);
  writeFileSync(path, bytes);
  expect(all(open())).toMatchObject([{ seq: 1, kind: 'gap', reason: 'outboxDamaged' }]);
});

test('a file that cannot be opened now, but is whole, is not moved aside', () => {
  const before = open();
  before.commit(drafts(3), '', START);
  close(before);
  const other = new DatabaseSync(join(folder, 'outbox.sqlite'));
  other.exec('pragma locking_mode = exclusive; begin exclusive');
  expect(() => open()).toThrow('locked');
  other.close();
  expect(seqs(open())).toEqual([1, 2, 3]);
});

test('a start of the computer begins an epoch; what was recorded before keeps its name, and is trimmed by it', () => {
  const before = open({ boot: 'one' });
  before.commit(drafts(5), 'kept', START);
  close(before);
  const same = open({ boot: 'one', now: START + 1 });
  expect(same.epoch).toBe(before.epoch);
  close(same);
  const after = open({ boot: 'two', now: START + 2 });
  expect(after.epoch).toBeGreaterThan(before.epoch);
  expect(after.get('checkpoint')).toBe('kept');
  expect(after.stats()).toMatchObject({ waiting: 5, lastSeq: 0 });
  after.commit(drafts(3), '', START);
  expect(after.stats()).toMatchObject({ waiting: 8, lastSeq: 3 });
  // A batch is of one epoch.
  expect(after.read(0, 100).map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
  expect(after.epochAt(5)).toEqual({ epoch: before.epoch, base: 0 });
  expect(after.read(6, 100).map(({ seq }) => seq)).toEqual([6, 7, 8]);
  expect(after.epochAt(6)).toEqual({ epoch: after.epoch, base: 5 });
  after.trim(after.placesOf(after.epoch, [[1, 2]]));
  after.trim(after.placesOf(before.epoch, [[2, 99]]));
  after.trim(after.placesOf(12345, [[1, 99]]));
  expect(seqs(after)).toEqual([1, 8]);
  after.bury(1, 'refused');
  after.bury(8, 'refused');
  expect(all(after)).toMatchObject([
    { kind: 'gap', lost: 1, seqs: null },
    { kind: 'gap', lost: 1, seqs: [3, 3] },
  ]);
  close(after);
  expect(open({ boot: 'two' }).epochAt(9)).toEqual({ epoch: after.epoch, base: 5 });
});

test('two copies of one outbox never give one name to different records', () => {
  const original = open({ boot: 'one' });
  original.commit(drafts(3), 'open documents', START);
  const copied = mkdtempSync(join(tmpdir(), 'pm-copy-'));
  cpSync(folder, copied, { recursive: true });
  const copy = open({ boot: 'one', folder: copied, now: START + 1 });
  original.commit(drafts(2), '', START);
  copy.commit(drafts(2), '', START);
  const named = (outbox: Outbox): string[] =>
    all(outbox).map(({ seq }) => {
      const { epoch, base } = outbox.epochAt(seq);
      return `${epoch}/${seq - base}`;
    });
  expect(named(original).slice(0, 3)).toEqual(named(copy).slice(0, 3));
  expect(new Set([...named(original), ...named(copy)]).size).toBe(3 + 2 + 2);
  // What the original has open is closed by the original.
  expect(copy.get('checkpoint')).toBeNull();
  expect(original.get('checkpoint')).toBe('open documents');
  close(copy);
  rmSync(copied, { recursive: true });
});

test('one agent only uses a state folder, and the next may when it is gone', () => {
  const unlock = lockStateFolder(folder);
  expect(() => lockStateFolder(folder)).toThrow('another agent');
  unlock();
  lockStateFolder(folder)();
});

test('the lock holds as long as the process lives, whatever becomes of what it returned', async () => {
  const program = `
    import { setTimeout as wait } from 'node:timers/promises';
    import { lockStateFolder } from ${JSON.stringify(fileURLToPath(new URL('single-instance.ts', import.meta.url)))};
    lockStateFolder(${JSON.stringify(folder)});
    for (let n = 0; n < 5; n += 1) { gc(); await wait(20); }
    process.stdout.write('collected');
    await wait(60_000);`;
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(() => lockStateFolder(folder)).toThrow('another agent');
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  lockStateFolder(folder)();
});

test('kill -9 of the writer loses no record that was committed and tears no transaction', async () => {
  const store = fileURLToPath(new URL('store.ts', import.meta.url));
  // Each transaction is three records and a checkpoint of its own; a line says that it is committed.
  const program = `
    import { writeSync } from 'node:fs';
    import { openOutbox } from ${JSON.stringify(store)};
    const outbox = openOutbox({
      folder: ${JSON.stringify(folder)}, budgetBytes: 67108864, now: () => ${START}, log: { warn() {} },
    });
    const draft = { kind: 'coverage', from: ${START}, to: ${START + 1}, cause: ${CAUSE.cut} };
    for (;;) {
      const last = outbox.stats().lastSeq + 3;
      outbox.commit([draft, draft, draft], String(last), ${START});
      writeSync(1, last + '\\n');
    }`;
  let committed = 0;
  for (let round = 0; round < 4; round += 1) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const gone = once(child, 'exit');
    const target = committed + 60 + 21 * round;
    for await (const line of createInterface({ input: child.stdout })) {
      committed = Number(line);
      if (committed >= target) child.kill('SIGKILL');
    }
    expect((await gone)[1]).toBe('SIGKILL');
    const outbox = open();
    const last = outbox.stats().lastSeq;
    expect(last).toBeGreaterThanOrEqual(committed);
    expect(outbox.get('checkpoint')).toBe(String(last));
    expect(seqs(outbox)).toEqual(Array.from({ length: last }, (_, index) => index + 1));
    expect(warnings).toEqual([]);
    close(outbox);
    committed = last;
  }
});

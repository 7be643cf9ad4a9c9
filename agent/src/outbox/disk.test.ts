import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CAUSE, type AgentRecord } from '@process-meter/contract';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { RecordDraft } from '../session/sample.ts';
import { openOutbox, type Outbox } from './store.ts';

const START = 1_800_000_000_000;
let folder: string;
let opened: Outbox[];
let warnings: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pm-disk-'));
  opened = [];
  warnings = [];
});
afterEach(() => {
  for (const outbox of opened) outbox.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(options: { folder?: string; mostHeld?: number } = {}): Outbox {
  const outbox = openOutbox({
    folder,
    budgetBytes: 64 * 1024 * 1024,
    now: () => START,
    log: { warn: (_fields, message) => void warnings.push(message) },
    ...options,
  });
  opened.push(outbox);
  return outbox;
}

const draft = (n: number): RecordDraft => ({
  kind: 'coverage',
  from: START + n,
  to: START + n + 1,
  cause: CAUSE.cut,
});
function all(outbox: Outbox): AgentRecord[] {
  const records: AgentRecord[] = [];
  for (let from = 0; ; from = records.at(-1)!.seq + 1) {
    const next = outbox.read(from, 1000);
    if (next.length === 0) return records;
    records.push(...next);
  }
}
/** Numbers of the drafts among the records. */
const numbers = (records: readonly AgentRecord[]): number[] =>
  records.flatMap((record) => (record.kind === 'coverage' ? [record.from - START] : []));
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

/** A disk of its own that can be filled; null where mounting is not allowed. */
function smallDisk(): { path: string; fill(): void; free(): void; remove(): void } | null {
  const path = mkdtempSync(join(tmpdir(), 'pm-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', path], { stdio: 'ignore' });
  } catch {
    rmSync(path, { recursive: true });
    return null;
  }
  const filler = join(path, 'filler');
  return {
    path,
    fill() {
      const file = openSync(filler, 'a');
      for (const size of [65_536, 4096, 1]) {
        try {
          for (;;) if (writeSync(file, Buffer.alloc(size)) < size) break;
        } catch {
          // No room for this size any more.
        }
      }
      expect(fstatSync(file).size).toBeGreaterThan(0);
      closeSync(file);
    },
    free: () => rmSync(filler),
    remove() {
      for (const outbox of opened.splice(0)) outbox.close();
      execFileSync('umount', [path]);
      rmSync(path, { recursive: true });
    },
  };
}

test('on a full disk all is kept in memory, told, and written by itself when there is room', (context) => {
  const disk = smallDisk();
  if (disk === null) return context.skip('mounting a small tmpfs is not allowed here');
  try {
    const outbox = open({ folder: disk.path });
    outbox.commit(upTo(10).map(draft), '{"n":0}', START);
    disk.fill();
    // The log of the database has some room of its own; when it is used up the disk is full for it as well.
    let n = 10;
    while (outbox.stats().trouble === '' && n < 20_000) outbox.commit([draft(n++)], `{"n":${n}}`, START);
    expect(outbox.stats().trouble).toContain('full');
    for (const end = n + 500; n < end; n += 1) outbox.commit([draft(n)], `{"n":${n}}`, START);
    expect(outbox.stats().waiting).toBe(n);
    expect(outbox.get('checkpoint')).toBe(`{"n":${n - 1}}`);
    outbox.set('setting', 'kept');
    expect(outbox.nextRev()).toBeGreaterThan(0);
    // What was stored before can still be sent, and a mark that cannot be carried out now is not forgotten.
    expect(outbox.read(1, 10)).toHaveLength(10);
    outbox.trim([[1, 5]]);
    disk.free();
    outbox.commit([draft(n)], '{"n":-1}', START);
    expect(outbox.stats()).toMatchObject({ trouble: '', waiting: n + 1 - 5 });
    expect(numbers(all(outbox))).toEqual(upTo(n + 1).slice(5));
    expect(warnings.filter((text) => text.includes('cannot be written'))).toHaveLength(1);
    outbox.close();
    opened = [];
    const after = open({ folder: disk.path });
    expect(after.get('checkpoint')).toBe('{"n":-1}');
    expect(after.get('setting')).toBe('kept');
    expect(numbers(all(after))).toEqual(upTo(n + 1).slice(5));
  } finally {
    disk.remove();
  }
});

test('what is too much for the memory is counted as lost with its reason', (context) => {
  const disk = smallDisk();
  if (disk === null) return context.skip('mounting a small tmpfs is not allowed here');
  try {
    const outbox = open({ folder: disk.path, mostHeld: 100 });
    let n = 0;
    while (n < 50) outbox.commit([draft(n++)], '', START);
    disk.fill();
    while (outbox.stats().trouble === '' && n < 20_000) outbox.commit([draft(n++)], '', START);
    const stored = outbox.stats().lastSeq;
    for (const end = n + 1000; n < end; n += 1) outbox.commit([draft(n)], '', START);
    disk.free();
    outbox.commit([draft(n++)], '', START);
    const records = all(outbox);
    const gaps = records.filter((record) => record.kind === 'gap');
    const lost = gaps.reduce((sum, gap) => sum + gap.lost, 0);
    expect(stored).toBeGreaterThan(0);
    expect(lost).toBeGreaterThan(0);
    expect(new Set(gaps.map(({ reason }) => reason))).toContain('diskFailed');
    expect(numbers(records).length + lost).toBe(n);
    expect(numbers(records).slice(-100)).toEqual(upTo(n).slice(-100));
  } finally {
    disk.remove();
  }
});

test('a disk that fails at every write stops nothing, and nothing is lost when it works again', async () => {
  // The kernel refuses writes beyond a size that is set from outside: SQLite meets real input/output errors.
  const program = `
    import { writeSync } from 'node:fs';
    import { createInterface } from 'node:readline';
    import { openOutbox } from ${JSON.stringify(fileURLToPath(new URL('store.ts', import.meta.url)))};
    process.on('SIGXFSZ', () => undefined);
    const outbox = openOutbox({
      folder: ${JSON.stringify(folder)}, budgetBytes: 67108864, now: () => ${START}, log: { warn() {} },
    });
    for await (const line of createInterface({ input: process.stdin })) {
      const n = Number(line);
      outbox.commit([{ kind: 'coverage', from: ${START} + n, to: ${START + 1} + n, cause: ${CAUSE.cut} }], line, ${START});
      writeSync(1, JSON.stringify(outbox.stats()) + '\\n');
    }
    outbox.close();`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let n = 0;
  const commit = async (): Promise<{ waiting: number; trouble: string }> => {
    child.stdin.write(`${n}\n`);
    n += 1;
    const answer = await answers.next();
    return answer.done === true ? { waiting: -1, trouble: 'it ended' } : JSON.parse(answer.value);
  };
  const limit = (size: string): void =>
    void execFileSync('prlimit', ['--pid', String(child.pid), `--fsize=${size}:unlimited`]);
  for (let round = 0; round < 20; round += 1) expect((await commit()).trouble).toBe('');
  for (let outage = 0; outage < 3; outage += 1) {
    limit('4096');
    for (let round = 0; round < 20; round += 1) {
      const { waiting, trouble } = await commit();
      expect(trouble).toContain('disk fails');
      expect(waiting).toBe(n);
    }
    limit('unlimited');
    expect(await commit()).toMatchObject({ trouble: '', waiting: n });
  }
  const gone = once(child, 'exit');
  child.stdin.end();
  expect(await gone).toEqual([0, null]);
  expect(numbers(all(open()))).toEqual(upTo(n));
});

test('an outbox that is overwritten under a running agent is moved aside as soon as it is met', () => {
  const outbox = open();
  const before = outbox.epoch;
  outbox.set('config', 'kept');
  // More than the cache of the database holds: what is in there would be read as if nothing had happened.
  for (let n = 0; n < 100; n += 1) outbox.commit(upTo(300).map(draft), '', START);
  for (const name of ['outbox.sqlite', 'outbox.sqlite-wal']) {
    const path = join(folder, name);
    writeFileSync(path, Buffer.alloc(statSync(path).size, 0xab));
  }
  all(outbox);
  expect(outbox.stats().trouble).toContain('disk fails');
  outbox.commit(upTo(200).map(draft), '{"last":true}', START);
  expect(outbox.epoch).toBeGreaterThan(before);
  expect(outbox.stats()).toMatchObject({ trouble: '', waiting: 201, lastSeq: 201 });
  const [gap, ...rest] = all(outbox);
  expect(gap).toMatchObject({ seq: 1, kind: 'gap', lost: -1, reason: 'outboxDamaged' });
  expect(numbers(rest)).toEqual(upTo(200));
  expect(outbox.get('config')).toBe('kept');
  expect(readdirSync(folder).some((name) => name.startsWith('damaged-'))).toBe(true);
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { CAUSE, STATE, type AgentRecord } from '@process-meter/contract';
import { startXServer, supervise, type LocalXServer, type Supervised } from '@process-meter/local';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testBench, type Bench } from './testing/bench.ts';

let bench: Bench;
let x: LocalXServer;
let editors: Supervised[];
let folder: string;

beforeEach(async () => {
  bench = await testBench();
  x = await startXServer();
  editors = [];
  folder = mkdtempSync(join(tmpdir(), 'pm-papers-'));
  await bench.configure(1, { editor: 'mousepad' });
});
afterEach(async () => {
  await Promise.all(editors.map((editor) => editor.kill('SIGKILL')));
  await bench.close();
  await x.stop();
});

const eventually = { timeout: 20_000, interval: 100 };
const xdotool = (...args: string[]): string =>
  execFileSync('xdotool', args, { env: { ...process.env, DISPLAY: x.display }, encoding: 'utf8' });

async function openEditor(name: string): Promise<void> {
  const path = join(folder, name);
  writeFileSync(path, 'first line\n');
  const env = { ...process.env, DISPLAY: x.display, HOME: folder, GDK_BACKEND: 'x11' };
  editors.push(await supervise('mousepad', ['--disable-server', path], { env }));
  await expect.poll(() => titles(), eventually).toContain(name);
}

function titles(): string {
  try {
    return xdotool('search', '--onlyvisible', '--name', '.', 'getwindowname', '%@');
  } catch {
    return '';
  }
}

const of = <K extends AgentRecord['kind']>(kind: K): Extract<AgentRecord, { kind: K }>[] =>
  bench.records().filter((record): record is Extract<AgentRecord, { kind: K }> => record.kind === kind);
const names = (): string[] => of('document').map((document) => document.name);
const openState = (): number | undefined => bench.open()?.documents[0]?.state;

const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);

/** Types once the agent knows the document and its focus: input before that belongs to nobody. */
async function typeInto(name: string, text: string, delayMs: number): Promise<void> {
  await expect.poll(names, eventually).toContain(name);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  xdotool('type', '--delay', String(delayMs), text);
}

/** Every closed document is tiled by its segments, without gap or overlap. */
function expectTiles(): void {
  for (const document of of('document').filter(({ closed }) => closed !== null)) {
    const own = of('segment')
      .filter((segment) => segment.document === document.document)
      .toSorted((a, b) => a.started - b.started);
    const edges = own.flatMap((segment) => [segment.started, segment.ended]);
    expect(edges).toEqual(edges.toSorted((a, b) => a - b));
    expect(own.reduce((sum, s) => sum + s.ended - s.started, 0)).toBe(document.closed! - document.opened);
    own.slice(1).forEach((segment, i) => expect(segment.started).toBe(own[i]!.ended));
  }
}

test('typing in a real program makes Active segments, and nothing of what was typed is anywhere', async () => {
  await bench.startAgent({ DISPLAY: x.display });
  await openEditor('plan.txt');
  await typeInto('plan.txt', 'Xylophone7781', 120);
  await expect.poll(openState, eventually).toBe(STATE.active);
  await expect.poll(openState, eventually).toBe(STATE.inactive);
  const active = of('segment').find((segment) => segment.state === STATE.active)!;
  expect(of('document')[0]).toMatchObject({ name: 'plan.txt', path: basename(folder), source: 'file' });
  expect(active.cause).toBe(CAUSE.input);
  expect(active.ended - active.started).toBeGreaterThan(500);
  expect(active.ended - active.started).toBeLessThan(3500);
  expect(bench.presence.at(-1)).toMatchObject({ appliedRevision: 1, phase: 'running' });
  const kept = readdirSync(bench.stateDir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name)).toString('latin1'));
  for (const text of [...kept, JSON.stringify(bench.batches)]) {
    expect(text).not.toMatch(/xylophone|keycode|"x":|"y":/i);
  }
}, 90_000);

test('after kill -9 the next run closes what was open at the last good tick, in the same session', async () => {
  const first = await bench.startAgent({ DISPLAY: x.display });
  await openEditor('plan.txt');
  await typeInto('plan.txt', 'abcdef', 60);
  await expect.poll(openState, eventually).toBe(STATE.active);
  const session = bench.open()!.documents[0]!.session;
  // The open state is saved every five seconds.
  await new Promise((resolve) => setTimeout(resolve, 5500));
  // A hung hook never learns that its parent is gone, and must not outlive it.
  const [hook = 0] = childrenOf(first.pid);
  process.kill(hook, 'SIGSTOP');
  await first.kill('SIGKILL');
  const killedAt = Date.now();
  await expect.poll(() => existsSync(`/proc/${hook}/exe`), eventually).toBe(false);
  await bench.startAgent({ DISPLAY: x.display });
  await expect.poll(() => of('document').filter(({ closed }) => closed !== null).length, eventually).toBe(1);
  const [closed] = of('document').filter((document) => document.closed !== null);
  expect(closed!.closeCause).toBe(CAUSE.agentCrashed);
  expect(closed!.closed!).toBeLessThanOrEqual(killedAt);
  expect(closed!.closed!).toBeGreaterThan(killedAt - 8000);
  await expect.poll(() => bench.open()?.documents[0]?.session, eventually).toBe(session);
  expect(bench.open()!.documents[0]!.document).not.toBe(closed!.document);
  expect(new Set(bench.records().map((record) => record.seq)).size).toBe(bench.records().length);
  expectTiles();
}, 90_000);

test('a display that dies closes documents with that cause, and the agent watches the next one', async () => {
  const agent = await bench.startAgent({ DISPLAY: x.display });
  await openEditor('plan.txt');
  await expect.poll(openState, eventually).toBeDefined();
  await x.kill();
  await expect.poll(() => of('document').map((d) => d.closeCause), eventually).toContain(CAUSE.displayLost);
  await expect.poll(() => of('capability').at(-1)?.window, eventually).toBe('none');
  x = await startXServer({ display: x.display });
  await openEditor('again.txt');
  await expect.poll(names, eventually).toContain('again.txt');
  expect(of('capability').at(-1)).toMatchObject({ window: 'x11', reason: expect.any(String) });
  await agent.stop('SIGTERM');
  expect(await agent.ended).toEqual({ code: 0, signal: null });
  expectTiles();
}, 90_000);

test('while NATS is away records wait in the outbox; afterwards all arrive, and only a mark trims them', async () => {
  await bench.startAgent({ DISPLAY: x.display });
  await openEditor('plan.txt');
  await expect.poll(names, eventually).toContain('plan.txt');
  await bench.stopNats('SIGKILL');
  await openEditor('meanwhile.txt');
  xdotool('type', '--delay', '50', 'abc');
  await new Promise((resolve) => setTimeout(resolve, 3000));
  await bench.resumeNats();
  await expect.poll(names, eventually).toContain('meanwhile.txt');
  const waiting = (): number => (bench.presence.at(-1) as { waiting: number }).waiting;
  await expect.poll(waiting, eventually).toBeGreaterThan(0);
  await expect
    .poll(
      () => {
        bench.commit();
        return waiting();
      },
      { ...eventually, interval: 1100 },
    )
    .toBe(0);
  const seqs = bench
    .records()
    .map((record) => record.seq)
    .toSorted((a, b) => a - b);
  expect(seqs).toEqual(seqs.map((_, i) => i + 1));
}, 90_000);

test('without a display the agent runs, and says that nothing can be measured and why', async () => {
  const agent = await bench.startAgent({ DISPLAY: '' });
  await expect
    .poll(() => of('capability').at(-1), eventually)
    .toMatchObject({
      input: 'none',
      window: 'none',
      reason: expect.stringContaining('DISPLAY'),
    });
  expect(bench.open()?.documents ?? []).toEqual([]);
  await agent.stop('SIGTERM');
  expect(await agent.ended).toEqual({ code: 0, signal: null });
  expect(bench.presence.at(-1)).toMatchObject({ phase: 'leaving' });
}, 60_000);

test('a changed configuration takes effect while the program runs', async () => {
  await bench.startAgent({ DISPLAY: x.display });
  await openEditor('plan.txt');
  await expect.poll(names, eventually).toContain('plan.txt');
  await bench.configure(2, { nothing: 'no-such-program' });
  await expect.poll(() => of('session').at(-1)?.endCause, eventually).toBe(CAUSE.ruleChanged);
  await expect.poll(() => bench.presence.at(-1), eventually).toMatchObject({ appliedRevision: 2 });
  expectTiles();
}, 60_000);

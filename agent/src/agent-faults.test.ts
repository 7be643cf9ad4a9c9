import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  cpSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CAUSE, type AgentRecord } from '@process-meter/contract';
import { startXServer, supervise, type LocalXServer, type Supervised } from '@process-meter/local';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { testBench, type Bench } from './testing/bench.ts';

const MAIN = join(import.meta.dirname, 'main.ts');
const eventually = { timeout: 20_000, interval: 100 };
let bench: Bench;
let x: LocalXServer;
let started: Supervised[];
let folder: string;

beforeEach(async () => {
  bench = await testBench();
  x = await startXServer();
  started = [];
  folder = mkdtempSync(join(tmpdir(), 'pm-papers-'));
  await bench.configure(1, { editor: 'mousepad' });
});
afterEach(async () => {
  await Promise.all(started.map((process) => process.kill('SIGKILL')));
  await bench.close();
  await x.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function openEditor(name: string): Promise<void> {
  const path = join(folder, name);
  writeFileSync(path, 'first line\n');
  const env = { ...process.env, DISPLAY: x.display, HOME: folder, GDK_BACKEND: 'x11' };
  started.push(await supervise('mousepad', ['--disable-server', path], { env }));
  await expect.poll(names, eventually).toContain(name);
}

const of = <K extends AgentRecord['kind']>(kind: K): Extract<AgentRecord, { kind: K }>[] =>
  bench.records().filter((record): record is Extract<AgentRecord, { kind: K }> => record.kind === kind);
const names = (): string[] => of('document').map((document) => document.name);
const closed = (): Extract<AgentRecord, { kind: 'document' }>[] =>
  of('document').filter((document) => document.closed !== null);

test('a process that is stopped for five seconds counts nothing of them, says so, and goes on', async () => {
  const agent = await bench.startAgent({ DISPLAY: x.display });
  await openEditor('plan.txt');
  await expect.poll(() => bench.open()?.documents.length, eventually).toBe(1);
  const session = bench.open()!.documents[0]!.session;
  const stopped = Date.now();
  process.kill(agent.pid, 'SIGSTOP');
  await pause(5000);
  process.kill(agent.pid, 'SIGCONT');
  const went = Date.now();
  await expect.poll(() => closed().map(({ closeCause }) => closeCause), eventually).toContain(CAUSE.stalled);
  await expect.poll(() => bench.open()?.documents[0]?.since ?? 0, eventually).toBeGreaterThan(went - 1000);
  expect(bench.open()!.documents[0]!.session).toBe(session);
  // What lies between the last look before and the first one after is in no segment.
  const inStop = of('segment').filter(
    ({ ended, started: from }) => ended > stopped + 1000 && from < went - 1000,
  );
  expect(inStop).toEqual([]);
  expect(of('coverage').some(({ cause }) => cause === CAUSE.stalled)).toBe(true);
  await agent.stop('SIGTERM');
}, 60_000);

test('of two agents started at once for one session one runs; the other says why it does not, and leaves', async () => {
  const logs = [1, 2].map((n) => join(folder, `log-${n}`));
  const agents = await Promise.all(
    logs.map(async (path) => {
      const log = openSync(path, 'w');
      const env = {
        ...process.env,
        PM_MANAGER_URL: 'http://127.0.0.1:9',
        PM_STATE_DIR: bench.stateDir,
        DISPLAY: x.display,
      };
      const agent = await supervise(process.execPath, [MAIN], { env, stdio: ['ignore', log, log] });
      closeSync(log);
      started.push(agent);
      return agent;
    }),
  );
  const [ended, which] = await Promise.race(
    agents.map((agent, i) => agent.ended.then((end) => [end, i] as const)),
  );
  expect(ended.code).toBe(1);
  expect(readFileSync(logs[which]!, 'utf8')).toContain('another agent uses');
  await openEditor('plan.txt');
  await expect.poll(() => bench.open()?.documents.length, eventually).toBe(1);
  expect(new Set(bench.batches.map(({ epoch }) => epoch)).size).toBe(1);
  const other = agents[1 - which]!;
  await other.stop('SIGTERM');
  expect(readFileSync(logs[1 - which]!, 'utf8')).not.toContain('another agent uses');
}, 60_000);

test('windows that are closed while the agent asks about them hurt nobody', async () => {
  const agent = await bench.startAgent({ DISPLAY: x.display });
  await openEditor('plan.txt');
  // Each lives for a moment only, some of them less than a question takes.
  const flicker = async (): Promise<void> => {
    for (let n = 0; n < 15; n += 1) {
      const child = spawn('xterm', ['-T', `flicker ${n}`, '-e', 'true'], {
        env: { ...process.env, DISPLAY: x.display },
        stdio: 'ignore',
      });
      if (n % 3 === 0) setTimeout(() => child.kill('SIGKILL'), 20 * n);
      await once(child, 'exit');
    }
  };
  await Promise.all([flicker(), flicker(), flicker()]);
  execFileSync('xdotool', ['search', '--name', 'plan.txt', 'windowclose'], {
    env: { ...process.env, DISPLAY: x.display },
    stdio: 'ignore',
  });
  await expect.poll(() => closed().length, eventually).toBeGreaterThan(0);
  await openEditor('after.txt');
  expect(of('document').some(({ closeCause }) => closeCause === CAUSE.displayLost)).toBe(false);
  await agent.stop('SIGTERM');
  expect(await agent.ended).toEqual({ code: 0, signal: null });
}, 90_000);

test('a real agent on a full disk goes on metering, says so, and loses nothing when there is room again', async (context) => {
  const disk = mkdtempSync(join(tmpdir(), 'pm-small-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'none', disk], { stdio: 'ignore' });
  } catch {
    rmSync(disk, { recursive: true });
    return context.skip('mounting a small tmpfs is not allowed here');
  }
  try {
    cpSync(join(bench.stateDir, 'identity.json'), join(disk, 'identity.json'));
    const agent = await bench.startAgent({ DISPLAY: x.display, PM_STATE_DIR: disk });
    await openEditor('plan.txt');
    fill(join(disk, 'filler'));
    const trouble = (): unknown => (bench.presence.at(-1) as { trouble?: string }).trouble;
    // The log of the database has some room of its own; when it is used up the disk is full for it as well.
    await expect.poll(trouble, { timeout: 60_000, interval: 100 }).toContain('disk is full');
    const waiting = (): number => (bench.presence.at(-1) as { waiting: number }).waiting;
    const before = waiting();
    const meanwhile = join(folder, 'meanwhile.txt');
    writeFileSync(meanwhile, 'x');
    const env = { ...process.env, DISPLAY: x.display, HOME: folder, GDK_BACKEND: 'x11' };
    started.push(await supervise('mousepad', ['--disable-server', meanwhile], { env }));
    await expect.poll(waiting, eventually).toBeGreaterThan(before);
    rmSync(join(disk, 'filler'));
    await expect.poll(trouble, eventually).toBeUndefined();
    await expect.poll(names, eventually).toContain('meanwhile.txt');
    const seqs = bench.records().map(({ seq }) => seq);
    expect(seqs.toSorted((a, b) => a - b)).toEqual(seqs.map((_, i) => i + 1));
    expect(of('gap')).toEqual([]);
    await agent.stop('SIGTERM');
    expect(await agent.ended).toEqual({ code: 0, signal: null });
  } finally {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true });
  }
}, 120_000);

/** Takes all the room of a disk, to the last byte. */
function fill(path: string): void {
  const file = openSync(path, 'a');
  for (const size of [65_536, 4096, 1]) {
    try {
      for (;;) if (writeSync(file, Buffer.alloc(size)) < size) break;
    } catch {
      // No room for this size any more.
    }
  }
  closeSync(file);
}

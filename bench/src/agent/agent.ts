import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { applicationSettingsSchema, STREAM_RECORDS } from '@process-meter/contract';
import { signIn, startXServer, supervise, type LocalXServer, type Supervised } from '@process-meter/local';
import type { BenchOptions } from '../options.ts';
import { ownProcessorSeconds, processesBelow } from '../processor-time.ts';
import { startServers, type Servers } from '../servers.ts';
import { round, spreadText, table } from '../stats.ts';

const AGENT = fileURLToPath(new URL('../../../agent/', import.meta.url));
/** The library by which ActivityWatch's watcher sees input on X11; its watchers themselves are in no package registry. */
const PYNPUT = 'pynput==1.8.1';
const LISTENER = `from pynput import keyboard, mouse
k = keyboard.Listener(on_press=lambda *a: None, on_release=lambda *a: None)
m = mouse.Listener(on_move=lambda *a: None, on_click=lambda *a: None, on_scroll=lambda *a: None)
k.start(); m.start(); m.join()
`;
const RATES = [0, 125, 1000] as const;

interface Use {
  cores: number;
  megabytes: number;
  wakeUps: number;
}

/**
 * What the agent takes from a desktop while the pointer moves, all its processes together, beside a bare listener for input
 * of the library that ActivityWatch's watcher uses. Both run all the time on one display, and see the same pointer.
 */
export async function benchAgent({ quick, say }: BenchOptions): Promise<void> {
  const seconds = quick ? 8 : 40;
  const repetitions = quick ? 1 : 3;
  const servers = await startServers();
  const display = await startXServer();
  const running: Supervised[] = [];
  try {
    const agent = await startAgent(servers, display, running);
    const listener = await startListener(display, running);
    say(`\n${repetitions} × ${seconds} s at each rate, min / median / max; idle first`);
    const rows: string[][] = [];
    for (const rate of RATES) {
      const runs: Run[] = [];
      for (let i = 0; i < repetitions; i += 1) {
        const before = await streamBytes(servers);
        const all = useOf(processesBelow(agent.pid));
        const main = useOf([agent.pid]);
        const bare = useOf(processesBelow(listener.pid));
        const moves = await movePointer(display, rate, seconds);
        const bytes = ((await streamBytes(servers)) - before) / seconds;
        runs.push({ moves, bytes, all: all(), main: main(), bare: bare() });
      }
      rows.push(describe(rate, runs));
    }
    say(table(HEAD, rows));
  } finally {
    await Promise.all(running.map((one) => one.stop()));
    await display.stop();
    await servers.stop();
  }
}

interface Run {
  moves: number;
  bytes: number;
  all: Use;
  main: Use;
  bare: Use;
}

const HEAD = [
  'moves/s',
  'agent, % of a core',
  'of it main process',
  'agent, MB (PSS)',
  'agent, wake-ups/s',
  'agent, bytes/s into the stream',
  'bare pynput listener, % of a core',
  'its MB (PSS)',
  'agent ÷ listener, CPU',
];

function describe(rate: number, runs: readonly Run[]): string[] {
  const of = (pick: (run: Run) => number, digits: number): string =>
    spreadText(runs.map(pick), (value) => round(value, digits));
  return [
    rate === 0 ? '0' : `${rate} (${of((run) => run.moves, 0)})`,
    of((run) => run.all.cores * 100, 2),
    of((run) => run.main.cores * 100, 2),
    of((run) => run.all.megabytes, 0),
    of((run) => run.all.wakeUps, 0),
    of((run) => run.bytes, 0),
    of((run) => run.bare.cores * 100, 2),
    of((run) => run.bare.megabytes, 0),
    rate === 0 ? '' : of((run) => run.all.cores / run.bare.cores, 2),
  ];
}

async function startAgent(
  servers: Servers,
  { display }: LocalXServer,
  running: Supervised[],
): Promise<Supervised> {
  const manager = await servers.startManager();
  const ingest = await servers.startIngest();
  running.push(ingest.process, manager.process);
  const password = readFileSync(join(servers.dir, 'admin-password'), 'utf8').trim();
  const api = await signIn(manager.url, { account: 'default', login: 'admin', password });
  await api.addApplication(
    applicationSettingsSchema.parse({ name: 'Mousepad', rules: [{ executable: 'mousepad' }] }),
  );
  const document = join(servers.dir, 'ledger.txt');
  writeFileSync(document, 'first line\n');
  const env = { ...process.env, DISPLAY: display, GSETTINGS_BACKEND: 'memory', NO_AT_BRIDGE: '1' };
  running.push(await supervise('mousepad', ['--disable-server', document], { env }));
  // As it is shipped, not from its sources.
  execFileSync(process.execPath, [join(AGENT, 'scripts', 'build.ts')], { stdio: 'ignore' });
  const agent = await supervise(join(AGENT, 'dist', 'process-meter-agent'), [], {
    env: {
      ...process.env,
      PM_NODE: process.execPath,
      DISPLAY: display,
      PM_MANAGER_URL: manager.url,
      PM_STATE_DIR: join(servers.dir, 'agent'),
      PM_ENROL_TOKEN: await api.enrolmentToken('bench'),
      PM_LOG_LEVEL: 'fatal',
    },
  });
  running.push(agent);
  while ((await api.connectedAgents()) === 0) await pause(200);
  // Until it has settled: its first pictures of the desktop are not what is measured.
  await pause(8000);
  return agent;
}

async function startListener({ display }: LocalXServer, running: Supervised[]): Promise<Supervised> {
  const folder = join(homedir(), '.cache', 'process-meter', 'bench-pynput');
  if (!existsSync(join(folder, 'ready'))) {
    mkdirSync(folder, { recursive: true });
    execFileSync('python3', ['-m', 'venv', folder], { stdio: 'ignore' });
    execFileSync(join(folder, 'bin', 'pip'), ['install', '--quiet', PYNPUT], { stdio: 'ignore' });
    writeFileSync(join(folder, 'ready'), '');
  }
  const env = { ...process.env, DISPLAY: display };
  const listener = await supervise(join(folder, 'bin', 'python'), ['-c', LISTENER], { env });
  running.push(listener);
  await pause(2000);
  return listener;
}

/** Moves the pointer forth and back at a rate. @returns moves a second that were really made */
async function movePointer({ display }: LocalXServer, rate: number, seconds: number): Promise<number> {
  const env = { ...process.env, DISPLAY: display };
  if (rate === 0) {
    await pause(seconds * 1000);
    return 0;
  }
  const mover = spawn('xdotool', ['-'], { env, stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(mover, 'exit');
  const { stdin } = mover;
  const began = performance.now();
  let made = 0;
  while (performance.now() - began < seconds * 1000) {
    const due = Math.floor(((performance.now() - began) / 1000) * rate);
    if (due > made) {
      const lines = Array.from(
        { length: due - made },
        (_, i) => `mousemove_relative -- ${(made + i) % 2 === 0 ? 3 : -3} 0\n`,
      );
      stdin.write(lines.join(''));
      made = due;
    }
    await pause(4);
  }
  stdin.end();
  await ended;
  return made / ((performance.now() - began) / 1000);
}

/** Begins to count; the returned function ends it. */
function useOf(pids: readonly number[]): () => Use {
  const sum = (of: (pid: number) => number): number => pids.reduce((total, pid) => total + of(pid), 0);
  const time = (): number => sum(ownProcessorSeconds);
  const began = performance.now();
  const before = { cpu: time(), switches: sum(switchesOf) };
  return () => {
    const seconds = (performance.now() - began) / 1000;
    return {
      cores: (time() - before.cpu) / seconds,
      megabytes: sum(proportionalBytes) / 1024 ** 2,
      wakeUps: (sum(switchesOf) - before.switches) / seconds,
    };
  };
}

/** Voluntary switches of all threads: each is a wake-up. */
function switchesOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).reduce((total, thread) => {
    const status = readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8');
    return total + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  }, 0);
}

function proportionalBytes(pid: number): number {
  return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0) * 1024;
}

async function streamBytes({ streams }: Servers): Promise<number> {
  return (await streams.streams.info(STREAM_RECORDS)).state.bytes;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

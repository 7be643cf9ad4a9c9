import { join } from 'node:path';
import { supervise, type Supervised } from '../supervised.ts';
import type { Hand } from './hand.ts';
import { layOut, papers, type Paper } from './papers.ts';

/** A paper that lies open in a window. */
export interface OpenPaper {
  paper: Paper;
  window: string;
  program: Supervised;
}

export interface DeskDeps {
  hand: Hand;
  dir: string;
  display: string;
  sleep: (ms: number) => Promise<void>;
}

const OPENS_MS = 15_000;
const CLOSES_MS = 5000;
const POLL_MS = 150;

/** Opens a paper in its program and waits for the window. */
export async function openPaper(deps: DeskDeps, paper: Paper): Promise<OpenPaper> {
  const path = layOut(deps.dir, paper);
  const [command, ...args] = commandLine(deps.dir, paper, path);
  const program = await supervise(command, args, { cwd: deps.dir, env: environment(deps.display) });
  let over = false;
  void program.ended.then(() => (over = true));
  for (let waited = 0; waited < OPENS_MS && !over; waited += POLL_MS) {
    const window = (await deps.hand.windowsTitled(paper.file)).at(-1);
    if (window !== undefined) {
      await deps.hand.placeWindow(window, place(paper));
      return { paper, window, program };
    }
    await deps.sleep(POLL_MS);
  }
  await program.stop('SIGTERM', 1000);
  throw new Error(`${command} showed no window for ${paper.file}`);
}

/** Saves and closes as a person does, by the keyboard; a program that stays is ended. */
export async function closePaper(deps: DeskDeps, open: OpenPaper): Promise<void> {
  await deps.hand.focus(open.window);
  await deps.hand.press('ctrl+s');
  await deps.sleep(700);
  await deps.hand.press(open.paper.program === 'nano' ? 'ctrl+x' : 'ctrl+q');
  await Promise.race([open.program.ended, deps.sleep(CLOSES_MS)]);
  await open.program.stop('SIGTERM', 1000);
}

function commandLine(dir: string, paper: Paper, path: string): [string, ...string[]] {
  switch (paper.program) {
    case 'mousepad':
      return ['mousepad', '--disable-server', path];
    case 'geany':
      // A configuration of its own, no files of the last time, a process for each file.
      return ['geany', '--config', join(dir, '.geany'), '-i', '-s', '-t', '-m', '-p', path];
    case 'nano': {
      const look = ['-fa', 'DejaVu Sans Mono', '-fs', '10'];
      return ['xterm', '-title', `${paper.file} - nano`, ...look, '-e', 'nano', '-I', '-w', path];
    }
  }
}

/** Without a session bus and accessibility service each window is a process of its own and starts fast. */
function environment(display: string): NodeJS.ProcessEnv {
  const { DBUS_SESSION_BUS_ADDRESS: _bus, WAYLAND_DISPLAY: _wayland, ...rest } = process.env;
  return {
    ...rest,
    DISPLAY: display,
    GDK_BACKEND: 'x11',
    GSETTINGS_BACKEND: 'memory',
    GIO_USE_VFS: 'local',
    NO_AT_BRIDGE: '1',
    LC_ALL: 'C.UTF-8',
  };
}

/** Every paper has its place on the desk, a little over the others. */
function place(paper: Paper): { x: number; y: number; width: number; height: number } {
  const index = papers.indexOf(paper);
  return { x: 30 + index * 110, y: 30 + index * 70, width: 640, height: 380 };
}

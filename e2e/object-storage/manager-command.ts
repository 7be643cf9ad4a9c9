import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';

const PROGRAM = join(import.meta.dirname, '../../manager/src/cli.ts');
/** Says at its end how much memory it took at most, in kB. */
const WATCHED = `data:text/javascript,process.on('exit',()=>process.stderr.write('memory '+process.resourceUsage().maxRSS+'\\n'))`;
/** The clock of the process is an hour ahead. */
const AHEAD = `data:text/javascript,const Real=Date,ahead=()=>Real.now()+3600e3;globalThis.Date=class extends Real{constructor(...given){super(...(given.length===0?[ahead()]:given))}static now(){return ahead()}}`;

export interface Ended {
  /** Of the process; none when it was killed. */
  code: number | null;
  out: string;
  err: string;
  /** MiB that it took at most. */
  memory: number;
}

/** `manager …` as a process of its own. */
export class ManagerCommand {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    { clockAhead = false }: { clockAhead?: boolean } = {},
  ) {
    const before = ['--import', WATCHED, ...(clockAhead ? ['--import', AHEAD] : [])];
    this.#child = spawn(process.execPath, [...before, PROGRAM, ...args], {
      env: { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = { out: '', err: '' };
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => (said.out += text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => (said.err += text));
    this.ended = new Promise((resolve) => {
      this.#child.once('close', (code) => {
        const [, kb] = /memory (\d+)/.exec(said.err) ?? [];
        resolve({ code, ...said, memory: Number(kb) / 1024 });
      });
    });
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }
}

/** Runs `manager …` to its end. */
export const runManager = (args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> =>
  new ManagerCommand(args, env).ended;

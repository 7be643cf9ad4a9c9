import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { supervise, type Supervised } from '@process-meter/local';
import type { Deed } from './truth.ts';

const runFile = promisify(execFile);
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Somebody at the desktop whose every deed is written down with its time. */
export class Script {
  readonly deeds: Deed[] = [];
  readonly #open = new Map<string, { program: Supervised; window: string }>();
  readonly #place: { dir: string; display: string };
  #focused: string | undefined;

  constructor(place: { dir: string; display: string }) {
    this.#place = place;
  }

  /** Opens a new file and waits for its window. */
  async open(document: string, program: 'mousepad' | 'nano'): Promise<void> {
    const { dir, display } = this.#place;
    const path = join(dir, document);
    writeFileSync(path, `${document}\n`);
    const [command, ...args] =
      program === 'mousepad'
        ? ['mousepad', '--disable-server', path]
        : ['xterm', '-title', `${document} - nano`, '-e', 'nano', '-I', path];
    const env = { ...process.env, DISPLAY: display, GSETTINGS_BACKEND: 'memory', NO_AT_BRIDGE: '1' };
    const running = await supervise(command ?? '', args, { cwd: dir, env });
    let window: string | undefined;
    for (let attempt = 0; attempt < 150 && window === undefined; attempt += 1) {
      await pause(50);
      const found = await this.#xdotool('search', '--onlyvisible', '--name', document).catch(() => '');
      window = found.trim().split('\n').at(-1) || undefined;
    }
    if (window === undefined) throw new Error(`no window for ${document}`);
    this.#note('opened', document);
    this.#open.set(document, { program: running, window });
  }

  async focus(document: string): Promise<void> {
    const before = this.#focused;
    await this.#xdotool('windowactivate', '--sync', this.#of(document).window);
    if (before !== undefined && before !== document) this.#note('focusLost', before);
    this.#focused = document;
  }

  /** One key each half second. */
  async type(document: string, forMs: number): Promise<void> {
    for (const end = Date.now() + forMs; Date.now() < end; await pause(400)) {
      await this.#xdotool('key', 'a');
      this.#note('input', document);
    }
  }

  async close(document: string): Promise<void> {
    await this.#of(document).program.stop('SIGKILL');
    this.#note('closed', document);
    this.#open.delete(document);
  }

  /** Ends what a failed test left open. */
  async end(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ program }) => program.stop('SIGKILL')));
  }

  #note(what: Deed['what'], document: string): void {
    this.deeds.push({ at: Date.now(), what, document });
  }

  #of(document: string): { program: Supervised; window: string } {
    const found = this.#open.get(document);
    if (found === undefined) throw new Error(`${document} is not open`);
    return found;
  }

  async #xdotool(...args: string[]): Promise<string> {
    const env = { ...process.env, DISPLAY: this.#place.display };
    return (await runFile('xdotool', args, { env, timeout: 10_000 })).stdout;
  }
}

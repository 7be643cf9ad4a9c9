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
  readonly #opened = new Map<string, { program: Supervised; window: string }>();
  readonly #place: { dir: string; display: string };
  #focused: string | undefined;

  constructor(place: { dir: string; display: string }) {
    this.#place = place;
  }

  /** Opens new files in one editor process with a window each, and waits for the windows. */
  openInEditor(...documents: string[]): Promise<void> {
    return this.#open('mousepad', ['--disable-server', '--opening-mode=window'], documents);
  }

  /** Opens a new file in an editor that runs in a terminal of its own. */
  openInTerminal(document: string): Promise<void> {
    return this.#open('xterm', ['-title', `${document} - nano`, '-e', 'nano', '-I'], [document]);
  }

  async #open(command: string, args: readonly string[], documents: readonly string[]): Promise<void> {
    const { dir, display } = this.#place;
    const paths = documents.map((document) => join(dir, document));
    for (const path of paths) writeFileSync(path, 'first line\n');
    const env = { ...process.env, DISPLAY: display, GSETTINGS_BACKEND: 'memory', NO_AT_BRIDGE: '1' };
    const program = await supervise(command, [...args, ...paths], { cwd: dir, env });
    for (const document of documents) {
      const window = await this.#windowOf(document);
      this.#note('opened', document);
      this.#opened.set(document, { program, window });
    }
  }

  async #windowOf(document: string): Promise<string> {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      await pause(50);
      const found = await this.#xdotool('search', '--onlyvisible', '--name', document).catch(() => '');
      const window = found.trim().split('\n').at(-1);
      if (window !== undefined && window !== '') return window;
    }
    throw new Error(`no window for ${document}`);
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

  /** Ends a program: all its documents close at once. */
  async close(...documents: string[]): Promise<void> {
    await this.#of(documents[0] ?? '').program.stop('SIGKILL');
    for (const document of documents) {
      this.#note('closed', document);
      this.#opened.delete(document);
    }
  }

  /** Ends what a failed test left open. */
  async end(): Promise<void> {
    await Promise.all([...this.#opened.values()].map(({ program }) => program.stop('SIGKILL')));
  }

  #note(what: Deed['what'], document: string): void {
    this.deeds.push({ at: Date.now(), what, document });
  }

  #of(document: string): { program: Supervised; window: string } {
    const found = this.#opened.get(document);
    if (found === undefined) throw new Error(`${document} is not open`);
    return found;
  }

  async #xdotool(...args: string[]): Promise<string> {
    const env = { ...process.env, DISPLAY: this.#place.display };
    return (await runFile('xdotool', args, { env, timeout: 10_000 })).stdout;
  }
}

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const runFile = promisify(execFile);

/** Somebody's hand on the keyboard and the pointer of one X display. */
export interface Hand {
  /** Windows shown whose title contains the text. */
  windowsTitled(part: string): Promise<string[]>;
  focus(window: string): Promise<void>;
  type(text: string, delayMs: number): Promise<void>;
  press(...keys: string[]): Promise<void>;
  movePointer(x: number, y: number): Promise<void>;
  placeWindow(window: string, box: { x: number; y: number; width: number; height: number }): Promise<void>;
}

/** A hand that works through xdotool: input goes through the X server's test extension, as from real devices. */
export function xdotoolHand(display: string): Hand {
  const xdotool = async (...args: string[]): Promise<string> => {
    const { stdout } = await runFile('xdotool', args, {
      env: { ...process.env, DISPLAY: display },
      timeout: 30_000,
    });
    return stdout;
  };
  return {
    async windowsTitled(part) {
      // xdotool fails when it finds none.
      const found = await xdotool('search', '--onlyvisible', '--name', escapeRegex(part)).catch(() => '');
      return found.split('\n').filter((line) => line !== '');
    },
    async focus(window) {
      await xdotool('windowactivate', '--sync', window);
    },
    async type(text, delayMs) {
      await xdotool('type', '--delay', String(delayMs), '--', text);
    },
    async press(...keys) {
      await xdotool('key', '--delay', '80', ...keys);
    },
    async movePointer(x, y) {
      await xdotool('mousemove', String(x), String(y));
    },
    async placeWindow(window, { x, y, width, height }) {
      await xdotool('windowsize', window, String(width), String(height));
      await xdotool('windowmove', window, String(x), String(y));
    },
  };
}

function escapeRegex(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
}

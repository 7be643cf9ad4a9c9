import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished } from 'vitest';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

export interface StartedLocal {
  output: string;
  /** Of the first administrator. */
  password: string;
  /** Ends it and waits. @returns its exit code */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts the appliance as `npm start` does, without a desktop, and waits for its announcement. */
export async function startLocal(dir: string, ...more: readonly string[]): Promise<StartedLocal> {
  const child = spawn(process.execPath, [MAIN, '--data', dir, '--no-demo', '--no-agent', ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, DISPLAY: '' },
  });
  // A test that fails half way leaves no appliance behind.
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  void exited.then((code) => (output += `ended with ${code}; Ctrl-C stops everything`));
  await expect.poll(() => output, { timeout: 40_000 }).toContain('Ctrl-C stops everything');
  expect(output).toContain('Process Meter runs.');
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return exited;
  };
  return { output, end, password: /Password +(\S+)/.exec(output)?.[1] ?? '' };
}

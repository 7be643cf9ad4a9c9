import { spawn } from 'node:child_process';

export interface CommandOptions {
  /** Written to its standard input. */
  stdin?: string;
  /** Path of a kubeconfig to use in place of the administrator's. */
  kubeconfig?: string;
  /** After so many milliseconds it is killed and counts as failed. Default 60,000. */
  timeoutMs?: number;
}

/** A command that failed, with what it said. */
export class CommandError extends Error {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(command: string, result: { code: number | null; stdout: string; stderr: string }) {
    super(`${command} failed (exit ${result.code}): ${(result.stderr || result.stdout).trim()}`);
    this.name = 'CommandError';
    this.code = result.code;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
  }
}

/** Runs a command to its end. @returns its standard output @throws CommandError */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { stdin?: string; timeoutMs?: number; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<string> {
  const { stdin, timeoutMs = 60_000, env, cwd } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, cwd, timeout: timeoutMs, killSignal: 'SIGKILL' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const fail = (code: number | null, why = stderr): void =>
      reject(new CommandError([command, ...args].join(' '), { code, stdout, stderr: why }));
    child.once('error', (error) => fail(null, error.message));
    child.once('close', (code, signal) => {
      if (code === 0) resolve(stdout);
      else fail(code, signal === null ? stderr : `${stderr}\nended by ${signal}`);
    });
    // A command that ends without reading closes the pipe; its exit code tells the story.
    child.stdin.once('error', () => undefined);
    child.stdin.end(stdin);
  });
}

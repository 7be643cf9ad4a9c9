import { execFileSync, spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Folder of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** Trouble that is told to the reader as it is, without a stack. */
export class SetupError extends Error {}

/** Output of a command, or undefined when it is missing or fails. */
export function answer(command, args) {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return undefined;
  }
}

/**
 * Runs a command and keeps what it prints. With `show` its lines are passed on as they come.
 * @returns {Promise<{ code: number, output: string }>}
 */
export function run(command, args, { env = {}, cwd = root, show = false } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (chunk) => {
      output += chunk;
      if (show) process.stdout.write(chunk);
    };
    child.stdout.setEncoding('utf8').on('data', take);
    child.stderr.setEncoding('utf8').on('data', take);
    child.once('error', (error) => resolve({ code: 127, output: `${command}: ${error.message}\n` }));
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Runs a command that has to succeed. @throws SetupError with the end of its output */
export async function mustRun(what, command, args, options) {
  const { code, output } = await run(command, args, options);
  if (code === 0) return output;
  throw new SetupError(`${what} failed (exit ${code}): ${command} ${args.join(' ')}\n${lastLines(output)}`);
}

/** Says how long something took, such as `4.2 s`. */
export function since(start) {
  return `${((Date.now() - start) / 1000).toFixed(1)} s`;
}

/** One line of progress. */
export function say(line) {
  process.stdout.write(`process-meter: ${line}\n`);
}

/** The end of an output, where the reason of a failure stands. */
export function lastLines(output) {
  return output.trimEnd().split('\n').slice(-25).join('\n');
}

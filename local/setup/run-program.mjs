import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root, say, SetupError } from './commands.mjs';

/**
 * Sets up what a program of the repository needs, then is that program: same output, same signals, same exit code.
 * @param {string} script path of the program below the root
 * @param {() => Promise<{ node: string, env: Record<string, string> }>} prepare
 */
export async function runProgram(script, prepare) {
  try {
    const tools = await prepare();
    const child = spawn(tools.node, [join(root, script), ...process.argv.slice(2)], {
      cwd: root,
      env: { ...process.env, ...tools.env, NODE_NO_WARNINGS: '1' },
      stdio: 'inherit',
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
    child.once('exit', (code, signal) => {
      process.exitCode = code ?? (signal === null ? 1 : 128);
    });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { lastLines, root, say, SetupError, since } from './commands.mjs';
import { buildPortal } from './portal-build.mjs';

const args = process.argv.slice(2);

if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(readFileSync(join(root, 'local', 'setup', 'help.txt'), 'utf8'));
} else {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(error.message);
    process.exitCode = 1;
  }
}

async function start() {
  const tools = await bootstrap({ desktop: !args.includes('--no-demo'), browser: false });
  await portalReady(tools);
  // Over the channel the appliance notices when this process is gone, however it went.
  const child = spawn(tools.node, [join(root, 'local', 'src', 'main.ts'), ...args], {
    cwd: root,
    env: { ...process.env, ...tools.env, PM_NODE: tools.node },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.once('exit', (code, signal) => {
    process.exitCode = code ?? (signal === null ? 1 : 128);
    if (child.connected) child.disconnect();
  });
}

async function portalReady(tools) {
  const begun = Date.now();
  const { code, output, from } = await buildPortal(tools, { budget: false });
  if (code !== 0) throw new SetupError(`building the portal failed (exit ${code}):\n${lastLines(output)}`);
  if (from === 'built') say(`portal built in ${since(begun)}`);
}

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { bootstrap } from './bootstrap.mjs';
import { root, say, SetupError } from './commands.mjs';
import { buildLab } from './lab-build.mjs';
import { buildPortal } from './portal-build.mjs';

try {
  const tools = await bootstrap({ desktop: true, browser: false, bench: true });
  await buildPortal(tools, { budget: false });
  const names = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
  if (names.length === 0 || names.includes('operator')) await buildLab(tools);
  const child = spawn(tools.node, [join(root, 'bench', 'src', 'main.ts'), ...process.argv.slice(2)], {
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

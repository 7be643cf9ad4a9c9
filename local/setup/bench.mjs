import { bootstrap } from './bootstrap.mjs';
import { SetupError } from './commands.mjs';
import { buildLab } from './lab-build.mjs';
import { buildPortal } from './portal-build.mjs';
import { runProgram } from './run-program.mjs';

await runProgram('bench/src/main.ts', async () => {
  const tools = await bootstrap({ desktop: true, browser: false, bench: true });
  const built = await buildPortal(tools, { budget: false });
  if (built.code !== 0) throw new SetupError(built.output);
  const names = process.argv.slice(2).filter((arg) => !arg.startsWith('-'));
  if (names.length === 0 || names.includes('operator')) await buildLab(tools);
  return tools;
});

import { bootstrap } from './bootstrap.mjs';
import { SetupError } from './commands.mjs';
import { buildPortal } from './portal-build.mjs';
import { runProgram } from './run-program.mjs';

const PROGRAMS = { images: 'images/src/main.ts', 'air-gap': 'images/src/air-gap/main.ts' };
const [program] = process.argv.splice(2, 1);

await runProgram(PROGRAMS[program], async () => {
  const tools = await bootstrap({ desktop: false, browser: false, images: true });
  const built = await buildPortal(tools, { budget: false });
  if (built.code !== 0) throw new SetupError(built.output);
  return tools;
});

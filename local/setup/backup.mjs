import { bootstrap } from './bootstrap.mjs';
import { runProgram } from './run-program.mjs';

await runProgram('local/src/backup.ts', () => bootstrap({ desktop: false, browser: false }));

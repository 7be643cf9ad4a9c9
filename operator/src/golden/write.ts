import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { goldenFiles } from './files.ts';

for (const [name, content] of goldenFiles()) writeFileSync(join(import.meta.dirname, name), content);

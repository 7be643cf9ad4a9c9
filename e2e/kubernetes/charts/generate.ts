import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CHARTS, generatedFiles } from './generated-files.ts';

for (const { path, content } of generatedFiles()) writeFileSync(join(CHARTS, path), content);

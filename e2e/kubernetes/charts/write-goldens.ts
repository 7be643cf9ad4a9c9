import { writeGoldens } from './golden.ts';

await writeGoldens();

import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const path = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url));

const folder = process.argv[2] ?? path('dist');

/** Little is allocated and little lives: a small young generation is collected in less than a millisecond. */
const LAUNCHER = `#!/bin/sh
exec "\${PM_NODE:-node}" --max-semi-space-size=1 --v8-pool-size=1 "$(dirname "$0")/main.js"
`;

/**
 * The agent as it is shipped: two files of plain JavaScript, its process and that of the input hook, and the command that
 * starts it. It takes a third less memory than the sources, which Node has to strip of their types first. The native module
 * stays a package of its own.
 */
const bundle = await rolldown({
  input: { main: path('src/main.ts'), child: path('src/collect/hook/child.ts') },
  platform: 'node',
  external: ['uiohook-napi'],
});
await bundle.write({
  dir: folder,
  format: 'esm',
  entryFileNames: '[name].js',
  minify: true,
});
await bundle.close();
const launcher = join(folder, 'process-meter-agent');
writeFileSync(launcher, LAUNCHER);
chmodSync(launcher, 0o755);

import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const path = (relative: string): string => fileURLToPath(new URL(`../${relative}`, import.meta.url));

/**
 * The agent as it is shipped: two files of plain JavaScript, its process and that of the input hook. It takes a third less
 * memory than the sources, which Node has to strip of their types first. The native module stays a package of its own.
 */
const bundle = await rolldown({
  input: { main: path('src/main.ts'), child: path('src/collect/hook/child.ts') },
  platform: 'node',
  external: ['uiohook-napi'],
});
await bundle.write({
  dir: process.argv[2] ?? path('dist'),
  format: 'esm',
  entryFileNames: '[name].js',
  minify: true,
});
await bundle.close();

import adapter from '@sveltejs/adapter-node';
import { sveltekit } from '@sveltejs/kit/vite';
import { defineConfig } from 'vite';
import { bundledFiles } from './scripts/bundled-files.ts';
import { sourcesHash } from './scripts/sources.mjs';

/** Kit finds its start files by their own chunks; what only pages with forms need is theirs. */
const isApart = (id: string): boolean =>
  /\/runtime\/(?:client\/(?:(?:client-)?entry|payload)\.js$|app\/forms)/.test(id);
const isFramework = (id: string): boolean =>
  /\/node_modules\/(?:svelte|@sveltejs|devalue|esm-env|clsx)\/|vite\/preload-helper/.test(id) && !isApart(id);
/** What every page draws: its frame and the smallest parts. The palette and the list of keys come when asked for. */
const isFrame = (id: string): boolean =>
  /\/src\/lib\/(?:shell\/(?!Palette|KeyboardHelp)|ui\/(?:Icon|icons|PageHead|Panel|Failed|Empty|Mark|CopyButton|ScrollBox|StateBar)\b|i18n\/(?:common|plural)\b)/.test(
    id,
  ) || /\/src\/routes\/(?:\(app\)\/)?\+(?:layout|error)\b/.test(id);

export default defineConfig({
  plugins: [
    sveltekit({
      compilerOptions: { runes: true },
      adapter: adapter({ out: 'build' }),
      version: { name: sourcesHash() },
      csp: {
        mode: 'auto',
        directives: {
          'default-src': ['self'],
          'script-src': ['self'],
          'style-src': ['self'],
          // Widths of bars and places of marks are style attributes.
          'style-src-attr': ['unsafe-inline'],
          'img-src': ['self', 'data:'],
          'font-src': ['self'],
          'connect-src': ['self'],
          'object-src': ['none'],
          'base-uri': ['none'],
          'form-action': ['self'],
          'frame-ancestors': ['none'],
        },
      },
    }),
    bundledFiles(),
  ],
  build: { assetsInlineLimit: 0 },
  environments: {
    client: {
      build: {
        rolldownOptions: {
          output: {
            codeSplitting: {
              // Two dozen chunks of a kilobyte compress badly and cost a request each: two hold what all pages load.
              groups: [
                { name: 'framework', test: isFramework, priority: 2 },
                { name: 'frame', test: isFrame, priority: 1 },
              ],
            },
          },
        },
      },
    },
  },
});

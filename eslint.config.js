import { createRequire, stripTypeScriptTypes } from 'node:module';
import svelte from 'eslint-plugin-svelte';

// The parser that eslint itself uses.
const espree = createRequire(createRequire(import.meta.url).resolve('eslint'))('espree');

/** Types become blanks, so every place stays where it is; TypeScript itself is checked by svelte-check and oxlint. */
const typeless = {
  parse(code, options) {
    return espree.parse(stripTypeScriptTypes(code, { mode: 'strip' }), options);
  },
};

// Only markup and styles of the portal: TypeScript is linted, with types, by oxlint.
export default [
  { ignores: ['**/.svelte-kit/**', 'portal/build/**'] },
  ...svelte.configs.recommended,
  {
    files: ['portal/src/**/*.svelte', 'portal/src/**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: typeless } },
    rules: {
      'svelte/no-at-html-tags': 'error',
      'svelte/no-target-blank': 'error',
      // Every address here begins at the root; the portal has no base path.
      'svelte/no-navigation-without-resolve': 'off',
      // URLSearchParams and Map are used as plain values, never as state.
      'svelte/prefer-svelte-reactivity': 'off',
    },
  },
];

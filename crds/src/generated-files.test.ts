import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generatedFiles } from './generated-files.ts';

const folder = join(import.meta.dirname, '..');

test.each(generatedFiles())(
  '$path is as the kinds make it (node crds/src/generate.ts)',
  ({ path, content }) => {
    expect(readFileSync(join(folder, path), 'utf8') === content).toBe(true);
  },
);

test('no definition lies about that no kind makes', () => {
  const made = generatedFiles().map(({ path }) => path);
  for (const file of readdirSync(join(folder, 'generated'))) expect(made).toContain(`generated/${file}`);
});

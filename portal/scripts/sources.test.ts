import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { sourcesHash } from './sources.mjs';

const root = join(import.meta.dirname, '..', '..');
const copy = mkdtempSync(join(tmpdir(), 'pm-sources-'));
afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('the same sources have one version wherever they lie and whenever they are built, others another', () => {
  for (const path of ['pnpm-lock.yaml', 'package.json', 'tsconfig.base.json', 'contract/src', 'portal'])
    cpSync(join(root, path), join(copy, path), {
      recursive: true,
      filter: (from) => !/\/(?:node_modules|build|\.svelte-kit)$/.test(from),
    });
  expect(sourcesHash(copy)).toBe(sourcesHash());
  appendFileSync(join(copy, 'portal/src/app.html'), ' ');
  expect(sourcesHash(copy)).not.toBe(sourcesHash());
});

test('the built portal has the version of its sources', () => {
  const built = JSON.parse(readFileSync(join(root, 'portal/build/client/_app/version.json'), 'utf8'));
  expect(built).toEqual({ version: sourcesHash() });
});

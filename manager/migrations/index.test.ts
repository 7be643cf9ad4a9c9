import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MIGRATIONS } from './index.ts';

test('every file of the folder is in the list, in the order of their numbers', () => {
  const files = readdirSync(import.meta.dirname).flatMap(
    (file) => /^(\d{4}-[a-z0-9-]+)\.ts$/.exec(file)?.[1] ?? [],
  );
  expect(Object.keys(MIGRATIONS)).toEqual(files.toSorted());
});

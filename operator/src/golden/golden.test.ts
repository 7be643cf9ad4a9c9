import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { goldenFiles } from './files.ts';

const files = goldenFiles();

/**
 * An operator that changes one of these restarts the pods of everybody who upgrades it. What is to change comes with a
 * release of the product: a line in the catalogue, and installations of that version beside these.
 */
test.each([...files.keys()])('an operator changes nothing of %s as long as its version stays', (name) => {
  expect(files.get(name)).toBe(readFileSync(join(import.meta.dirname, name), 'utf8'));
});

test('each committed file is checked', () => {
  const committed = readdirSync(import.meta.dirname).filter((name) => name.endsWith('.yaml'));
  expect(committed.toSorted()).toEqual([...files.keys()].toSorted());
});

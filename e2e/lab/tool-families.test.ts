import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FAMILIES, GO_VERSION, moduleFolder, versionOf } from './tool-families.ts';

test.each(FAMILIES)(
  'the module of $name names its version, its tools and the Go it is built with',
  (family) => {
    const text = readFileSync(join(moduleFolder(family), 'go.mod'), 'utf8');
    expect(versionOf(family)).toMatch(/^v\d+\.\d+\.\d+$/);
    expect(/^go (\S+)$/m.exec(text)?.[1]).toBe(GO_VERSION);
    for (const path of Object.values(family.binaries)) expect(text).toContain(path);
  },
);

import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { PackageOwner, PackageSource } from '../platform.ts';
import { packageSource } from './packages.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pm-packages-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function ownerOf(source: PackageSource, executable: string): Promise<PackageOwner | null> {
  let owner = source.ownerOf(executable);
  await expect
    .poll(() => (owner = source.ownerOf(executable)), { timeout: 20_000, interval: 20 })
    .not.toBeUndefined();
  return owner ?? null;
}

function writeDpkg(): string {
  mkdirSync(join(folder, 'info'));
  writeFileSync(
    join(folder, 'status'),
    [
      'Package: draw\nStatus: install ok installed\nMaintainer: "Draw, Team" <draw@example.org>\nVersion: 1\n',
      'Package: cad\nStatus: install ok installed\nMaintainer: packager@example.org\nVendor: CAD Works AG\n',
      'Package: bare\nStatus: install ok installed\n',
    ].join('\n'),
  );
  writeFileSync(join(folder, 'info', 'draw.list'), '/.\n/usr\n/usr/bin/draw\n/usr/bin/draw-tool\n');
  writeFileSync(join(folder, 'info', 'cad:amd64.list'), '/.\n/opt/cad/bin/cad\n');
  writeFileSync(join(folder, 'info', 'bare.list'), '/bin/bare\n');
  return folder;
}

test.for<[string, PackageOwner | null]>([
  ['/usr/bin/draw', { package: 'draw', publisher: 'Draw, Team' }],
  ['/opt/cad/bin/cad', { package: 'cad', publisher: 'CAD Works AG' }],
  ['/usr/bin/bare', { package: 'bare', publisher: null }],
  ['/usr/bin/dra', null],
  ['/home/ida/bin/draw', null],
])('dpkg: the owner of %s is found with its publisher', async ([executable, owner]) => {
  const source = await packageSource({ dpkg: writeDpkg(), rpm: 'no-such-command' });
  expect(await ownerOf(source, executable)).toEqual(owner);
  expect(source.reason).toBe('');
});

test('an answer never waits for the disk: it comes at once, and is known a little later', async () => {
  const source = await packageSource({ dpkg: writeDpkg(), rpm: 'no-such-command' });
  expect(source.ownerOf('/usr/bin/draw')).toBeUndefined();
  expect(source.ownerOf('/usr/bin/none')).toBeUndefined();
  expect(await ownerOf(source, '/usr/bin/none')).toBeNull();
  expect(source.ownerOf('/usr/bin/draw')).toEqual({ package: 'draw', publisher: 'Draw, Team' });
});

test.runIf(existsSync('/usr/bin/dpkg-query'))(
  'what dpkg itself says of a program is what is found',
  async () => {
    const tool = '/usr/bin/dpkg-query';
    const owner = await ownerOf(await packageSource(), tool);
    const said = execFileSync(tool, ['-S', tool], { encoding: 'utf8' }).split(':')[0];
    const maintainer = execFileSync(tool, ['-W', '-f', '${Maintainer}', String(said)], { encoding: 'utf8' });
    expect(owner?.package).toBe(said);
    expect(maintainer).toContain(owner?.publisher);
  },
);

test('rpm: name and vendor are read from its answer; a file of nobody has none', async () => {
  const rpm = join(folder, 'rpm');
  writeFileSync(
    rpm,
    `#!/bin/sh
[ "$1" = --version ] && exit 0
[ "$5" = /opt/cad ] && printf 'cad\\tCAD Works AG\\n' && exit 0
[ "$5" = /opt/own ] && printf 'own\\t(none)\\n' && exit 0
echo "file $5 is not owned by any package"; exit 1
`,
  );
  chmodSync(rpm, 0o755);
  const source = await packageSource({ dpkg: join(folder, 'none'), rpm });
  expect(await ownerOf(source, '/opt/cad')).toEqual({ package: 'cad', publisher: 'CAD Works AG' });
  expect(await ownerOf(source, '/opt/own')).toEqual({ package: 'own', publisher: null });
  expect(await ownerOf(source, '/opt/nobody')).toBeNull();
});

test('without a package database it says why, and waits for nothing', async () => {
  const source = await packageSource({ dpkg: join(folder, 'none'), rpm: 'no-such-command' });
  expect(source.ownerOf('/usr/bin/draw')).toBeNull();
  expect(source.reason).toContain('publisher');
});

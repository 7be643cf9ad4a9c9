import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { RELEASES, type Release } from './catalogue.ts';
import { compareVersions, releaseFor } from './move.ts';

const release = (version: string, schema: string, from: string): Release => ({
  ...RELEASES[0]!,
  version,
  schema,
  from,
});
const releases = [
  release('1.0.0', '0009-a', '1.0.0'),
  release('1.1.0', '0012-b', '1.0.0'),
  release('2.0.0', '0012-b', '1.1.0'),
];
const move = (wanted: string, version?: string, schemaVersion?: string, approved = true): string => {
  const found = releaseFor(wanted, { version, schemaVersion }, releases, () => approved);
  return 'release' in found ? found.release.version : found.refusal.reason;
};

test('the first installation takes any release that is known', () => {
  expect(move('2.0.0')).toBe('2.0.0');
  expect(move('3.0.0')).toBe('UnknownRelease');
});

test('an upgrade goes from release to release and skips none that must be passed', () => {
  expect(move('1.1.0', '1.0.0', '0009-a')).toBe('1.1.0');
  expect(move('2.0.0', '1.1.0', '0012-b')).toBe('2.0.0');
  expect(move('2.0.0', '1.0.0', '0009-a')).toBe('UpgradeSkipsRelease');
});

test('the way back is open until the database was migrated past the release', () => {
  expect(move('1.1.0', '2.0.0', '0012-b')).toBe('1.1.0');
  expect(move('1.0.0', '1.1.0', '0009-a')).toBe('1.0.0');
  expect(move('1.0.0', '1.1.0', '0012-b')).toBe('DowngradeRefused');
});

test('past migrations that only added the way back stays open, as far as the newest that did more', () => {
  const known = [
    release('1.0.0', '0009-a', '1.0.0'),
    { ...release('1.1.0', '0012-b', '1.0.0'), worksWith: '0009-a' },
    { ...release('1.2.0', '0013-c', '1.0.0'), worksWith: '0012-b' },
  ];
  const to = (wanted: string, version: string, schemaVersion: string): string => {
    const found = releaseFor(wanted, { version, schemaVersion }, known);
    return 'release' in found ? found.release.version : found.refusal.reason;
  };
  expect(to('1.0.0', '1.1.0', '0012-b')).toBe('1.0.0');
  expect(to('1.1.0', '1.2.0', '0013-c')).toBe('1.1.0');
  expect(to('1.0.0', '1.2.0', '0013-c')).toBe('DowngradeRefused');
  // The operator that knew the release of that schema is gone.
  expect(to('1.0.0', '1.3.0', '0014-d')).toBe('DowngradeRefused');
  expect(to('1.1.0', '1.0.0', '0012-b')).toBe('1.1.0');
});

test('a supervised move waits for its approval, forwards and back; what runs and the first installation need none', () => {
  expect(move('1.1.0', '1.0.0', '0009-a', false)).toBe('UpgradeNotApproved');
  expect(move('1.1.0', '2.0.0', '0012-b', false)).toBe('UpgradeNotApproved');
  expect(move('1.0.0', '1.0.0', '0009-a', false)).toBe('1.0.0');
  expect(move('1.0.0', undefined, undefined, false)).toBe('1.0.0');
  // What cannot be is said first: nobody approves it for nothing.
  expect(move('2.0.0', '1.0.0', '0009-a', false)).toBe('UpgradeSkipsRelease');
});

test('a refusal says what is known and what to do', () => {
  const found = releaseFor('9.9.9', { version: undefined, schemaVersion: undefined }, releases);
  expect(found).toEqual({
    refusal: {
      reason: 'UnknownRelease',
      message:
        'this operator does not know release 9.9.9; it knows 1.0.0, 1.1.0, 2.0.0. Upgrade the operator first',
    },
  });
});

test('versions are ordered as in semver', () => {
  const ordered = ['0.9.0', '1.0.0-rc.1', '1.0.0', '1.0.10', '1.2.0', '10.0.0'];
  expect(ordered.toReversed().toSorted(compareVersions)).toEqual(ordered);
  expect(compareVersions('1.0.0', '1.0.0')).toBe(0);
});

test('the newest release names the newest migration', () => {
  const folder = join(import.meta.dirname, '..', '..', '..', 'manager', 'migrations');
  const newest = readdirSync(folder)
    .filter((name) => /^\d{4}-.*(?<!\.test)\.ts$/.test(name))
    .toSorted()
    .at(-1);
  expect(`${RELEASES.at(-1)?.schema}.ts`).toBe(newest);
});

import { agentConfigSchema } from '@process-meter/contract';
import { expect, test } from 'vitest';
import type { PackageOwner } from '../platform/platform.ts';
import { Desktop } from './desktop.ts';

const process = { pid: 7, parent: 1, start: '1', executable: '/opt/cad/cad', cpuMs: 0 };
const noWindows = { windows: [], focused: null };
const config = agentConfigSchema.parse({
  revision: 1,
  hashKey: 'a-hash-key-of-the-test',
  applications: [
    { id: 1, slug: 'cad', name: 'CAD', rules: [{ publisher: 'cad works*' }] },
    { id: 2, slug: 'draw', name: 'Draw', rules: [{ package: 'draw' }] },
  ],
});

function desktopOf(owner: () => PackageOwner | null | undefined, reason = ''): Desktop {
  return new Desktop({
    bootId: 'boot',
    desktop: ':0',
    documents: { candidates: () => Promise.resolve([]) },
    packages: { reason, ownerOf: owner },
    onThisDesktop: () => Promise.resolve(true),
  });
}

test('a program is known by its publisher as soon as that is looked up, from when it was first seen', async () => {
  const known: { owner?: PackageOwner } = {};
  const desktop = desktopOf(() => known.owner);
  desktop.configure(config);
  expect((await desktop.picture(noWindows, [process], 1000)).sessions).toEqual([]);
  expect((await desktop.picture(noWindows, [process], 2000)).sessions).toEqual([]);
  known.owner = { package: 'cad-2027', publisher: 'CAD Works AG' };
  const { sessions } = await desktop.picture(noWindows, [process], 3000);
  expect(sessions).toMatchObject([{ application: 1, since: 1000 }]);
});

test.for<[string, PackageOwner | null, number[]]>([
  ['of another publisher', { package: 'cad', publisher: 'CAD' }, []],
  ['without a publisher, known by its package', { package: 'draw', publisher: null }, [2]],
  ['of no package', null, []],
])('a program %s is matched by what its package says', async ([, owner, expected]) => {
  const desktop = desktopOf(() => owner);
  desktop.configure(config);
  const { sessions } = await desktop.picture(noWindows, [process], 1000);
  expect(sessions.map(({ application }) => application)).toEqual(expected);
});

test('a system without packages is told of only where a rule asks for them', () => {
  const desktop = desktopOf(() => null, 'no packages here');
  expect(desktop.reason).toBe('');
  desktop.configure(config);
  expect(desktop.reason).toBe('no packages here');
});

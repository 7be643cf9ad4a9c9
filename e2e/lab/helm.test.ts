import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Lab } from './lab.ts';
import { startTestLab } from './testing/test-lab.ts';
import { FAMILIES, versionOf } from './tool-families.ts';

const CHART = join(import.meta.dirname, 'testing', 'chart');

let lab: Lab;

beforeAll(async () => {
  lab = await startTestLab();
});

afterAll(() => lab.stop());

describe.each([3, 4] as const)('Helm %i', (version) => {
  const name = `release-${version}`;
  const helm = (...args: string[]): Promise<string> => lab.helm(version, args);
  const greeting = (): Promise<string> =>
    lab.kubectl(['get', 'configmap', name, '-o', 'jsonpath={.data.greeting}']);

  test('is the version that was asked for', async () => {
    const family = FAMILIES.find((one) => one.name === `helm${version}`)!;
    expect(await helm('version', '--template', '{{.Version}}')).toBe(versionOf(family));
  });

  test('installs, upgrades, rolls back and uninstalls a chart, and leaves nothing', async () => {
    await helm('install', name, CHART, '--wait');
    expect(await greeting()).toBe('hello');
    await helm('upgrade', name, CHART, '--set', 'greeting=welcome', '--wait');
    expect(await greeting()).toBe('welcome');
    await helm('rollback', name, '1', '--wait');
    expect(await greeting()).toBe('hello');
    await helm('uninstall', name, '--wait');
    expect(await lab.kubectl(['get', 'configmap,secret', '-o', 'name'])).toBe('configmap/kube-root-ca.crt\n');
  });
});

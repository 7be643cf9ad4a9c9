import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from '@process-meter/e2e/lab';
import { describe, expect, test } from 'vitest';
import { CHARTS, PRODUCT_CHART } from './generated-files.ts';
import { committed, goldens } from './golden.ts';

const CLI = join(CHARTS, '../operator/src/cli.ts');
const OURS = 'registry.processmeter.io/';

/** As the README says that people do it: what `helm template` printed, through the operator's command. */
async function imagesOf(manifests: readonly string[]): Promise<string[]> {
  const said = await runCommand(process.execPath, [CLI, 'images'], { stdin: manifests.join('---\n') });
  return said.split('\n').filter((line) => line !== '');
}

const rendered = (name?: string): string[] =>
  goldens()
    .filter((golden) => name === undefined || golden.name === name)
    .map(({ manifests }) => committed(manifests));

describe('images.txt', () => {
  test('lists what the charts and the operator make of all sets of values, and nothing else', async () => {
    const listed = readFileSync(join(PRODUCT_CHART, 'images.txt'), 'utf8').trim().split('\n');
    const used = (await imagesOf(rendered())).filter((image) => image.startsWith(OURS));
    expect(listed).toHaveLength(6);
    expect(used).toEqual(listed);
  });

  test('behind an air gap nothing of it is asked for', async () => {
    const used = await imagesOf(rendered('air-gap'));
    expect(used).toHaveLength(6);
    expect(used.filter((image) => image.startsWith(OURS))).toEqual([]);
  });
});

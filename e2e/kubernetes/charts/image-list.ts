import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RELEASES } from '@process-meter/operator/releases';
import { commentedValues } from './commented-values.ts';

/** Every image that an installation of this version of the charts can use, one a line: what an air gap has to be given. */
export function imageList(charts: string): string {
  const version = appVersion(join(charts, 'process-meter'));
  const release = RELEASES.find((one) => one.version === version);
  if (release === undefined) throw new Error(`the operator knows no release ${version}`);
  const images = [operatorImage(join(charts, 'process-meter-operator')), ...Object.values(release.images)];
  return images
    .toSorted((one, other) => one.localeCompare(other, 'en'))
    .map((image) => `${image}\n`)
    .join('');
}

function operatorImage(chart: string): string {
  const values = commentedValues(readFileSync(join(chart, 'values.yaml'), 'utf8'));
  const value = (path: string): string => {
    const found = values.find((one) => one.path === path)?.value;
    if (found === undefined) throw new Error(`values.yaml has no ${path}`);
    return found;
  };
  return `${value('image.registry')}/${value('image.repository')}:${appVersion(chart)}`;
}

function appVersion(chart: string): string {
  const found = /^appVersion: (\S+)$/m.exec(readFileSync(join(chart, 'Chart.yaml'), 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${chart} has no appVersion`);
  return found;
}

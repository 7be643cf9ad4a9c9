import { expect, test } from 'vitest';
import { renderText } from './cli.ts';
import { goldenFiles } from './golden/files.ts';
import { INSTALLATIONS } from './golden/installations.ts';

test('render prints what the operator makes of a resource', () => {
  const printed = renderText(JSON.stringify(INSTALLATIONS['evaluation']), undefined);
  expect(printed).toBe(goldenFiles().get('evaluation.yaml'));
});

test('render refuses what is no ProcessMeter, and a release that is not known', () => {
  expect(() => renderText('{"kind":"Pod"}', undefined)).toThrow('ProcessMeter');
  const unknown = {
    ...INSTALLATIONS['evaluation'],
    spec: { ...INSTALLATIONS['evaluation']!.spec, version: '9.9.9' },
  };
  expect(() => renderText(JSON.stringify(unknown), undefined)).toThrow('does not know release 9.9.9');
});

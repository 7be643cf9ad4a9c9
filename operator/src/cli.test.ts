import { toYaml } from '@process-meter/crds';
import { expect, test } from 'vitest';
import { imagesText, renderText } from './cli.ts';
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

test('render takes YAML as well, and one resource at a time', () => {
  const yaml = toYaml(INSTALLATIONS['evaluation']!);
  expect(renderText(yaml, undefined)).toBe(goldenFiles().get('evaluation.yaml'));
  expect(() => renderText(`${yaml}---\n${yaml}`, undefined)).toThrow('one ProcessMeter');
});

test('images prints what manifests name and what an operator would run for a ProcessMeter', () => {
  const pod = {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name: 'x' },
    spec: { containers: [{ name: 'x', image: 'b:1' }] },
  };
  const manifests = ['# a comment', toYaml(pod), toYaml(INSTALLATIONS['production']!), toYaml(pod)];
  expect(imagesText(manifests.join('---\n'), undefined).split('\n')).toEqual([
    'b:1',
    'registry.corp.local/meter/ingest:0.1.0',
    'registry.corp.local/meter/manager:0.1.0',
    'registry.corp.local/meter/nats:2.15.2',
    `registry.corp.local/meter/portal@sha256:${'a'.repeat(64)}`,
    '',
  ]);
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { commentedValues } from './commented-values.ts';
import { CHARTS, generatedFiles, OPERATOR_CHART } from './generated-files.ts';

const GENERATED_CRDS = join(CHARTS, '../crds/generated');

describe('what is generated in the charts', () => {
  test.each(generatedFiles())('$path is up to date: node e2e/kubernetes/charts/generate.ts', (file) => {
    expect(readFileSync(join(CHARTS, file.path), 'utf8')).toBe(file.content);
  });

  test('the operator chart has the definitions of crds/generated, all of them and nothing else', () => {
    const templates = join(OPERATOR_CHART, 'templates/crds');
    expect(readdirSync(templates)).toEqual(readdirSync(GENERATED_CRDS));
    for (const file of readdirSync(templates)) {
      const plain = readFileSync(join(templates, file), 'utf8')
        .split('\n')
        .filter((line) => !line.includes('{{'))
        .filter((line) => !['  annotations:', '    helm.sh/resource-policy: keep'].includes(line));
      const definition = readFileSync(join(GENERATED_CRDS, file), 'utf8').split('\n').slice(1);
      expect(plain).toEqual(definition);
    }
  });
});

describe('comments of values.yaml', () => {
  test('a value takes the comment above it and shows what is in it on one line', () => {
    const yaml = '# About a.\n# More.\na:\n  # About b.\n  b: 1\n\n# About c.\nc:\n  d: x\n  e: []\n';
    expect(commentedValues(yaml)).toEqual([
      { path: 'a', comment: 'About a. More.', value: '' },
      { path: 'a.b', comment: 'About b.', value: '1' },
      { path: 'c', comment: 'About c.', value: 'd: x e: []' },
    ]);
  });

  test('a value without a comment is refused', () => {
    expect(() => commentedValues('# About a.\na: 1\nb: 2\n')).toThrow('b has no comment');
    expect(() => commentedValues('# About a.\na:\n  # About b.\n  b: 1\n  c: 2\n')).toThrow(
      'a.c has no comment',
    );
  });
});

import { expect, test } from 'vitest';
import { toYaml } from './yaml.ts';

test('maps, lists and lists of maps are indented, empty ones fit on a line', () => {
  const data = { a: { b: [1, { c: 'd', e: ['f'] }, []], g: {} } };
  expect(toYaml(data)).toBe(
    ['a:', '  b:', '    - 1', '    - c: d', '      e:', '        - f', '    - []', '  g: {}', ''].join('\n'),
  );
});

test.each(['true', 'No', 'null', '1.5', '2026-01-01', 'a: b', '# c', "it's", '', '0x10', '- a', 'a\nb'])(
  'the text %j stays a text',
  (text) => expect(toYaml(text)).toBe(`${JSON.stringify(text)}\n`),
);

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseUnambiguous } from './unambiguous-json.ts';

test('whatever JSON.stringify makes is read as it was', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 6 }), fc.integer({ min: 0, max: 4 }), (text, indent) => {
      const spaced = JSON.stringify(JSON.parse(text), null, indent);
      expect(parseUnambiguous(spaced)).toEqual(JSON.parse(spaced));
    }),
  );
});

test.each([
  '{"a":1,"a":2}',
  '{"g":{"q":[0], "q" :[1]}}',
  String.raw`{"q":1,"\u0071":2}`,
  String.raw`{"a\"":1,"a\"":2}`,
  '[{"a":{}},{"b":[{"c":1,"c":1}]}]',
  '{"__proto__":1,"__proto__":2}',
])('%s names a key twice', (text) => {
  expect(() => parseUnambiguous(text)).toThrow(/twice/);
});

test.each([
  String.raw`{"a":"b\": \"a\": ","b\\":":"}`,
  '[":",":",{"\\"":":"}]',
  '{"a":{"a":{"a":1}}}',
  '":"',
])('%s names none twice', (text) => {
  expect(parseUnambiguous(text)).toEqual(JSON.parse(text));
});

test('depth costs no stack', () => {
  expect(() => parseUnambiguous('['.repeat(1_000_000) + ']'.repeat(1_000_000))).not.toThrow();
});

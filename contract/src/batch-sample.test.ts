import { zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleOfBatch } from './batch-sample.ts';

const SECRET = 'Offer-to-Ann-4711';
const document = { kind: 'document', seq: 7, name: SECRET, path: `/home/ann/${SECRET}`, source: 'file' };

test('names of fields, numbers and lengths are shown, texts are not', () => {
  const body = zstdCompressSync(JSON.stringify({ v: 1, r: [document], g: { q: [0, 1, 2, 3, 4, 5] } }));
  const sample = sampleOfBatch(body, 'zstd');
  expect(sample).toContain('kind: document, seq: 7, name: (text of 17)');
  expect(sample).toContain('q: [0, 1, 2, 3, … 2 more]');
  expect(sample).not.toContain('Ann');
});

test('a text is shown nowhere, wherever it stands in whatever is sent', () => {
  const withSecret = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 6 }, fc.constant(SECRET), fc.nat(), tie('list'), tie('object')),
    list: fc.array(tie('value'), { maxLength: 5 }),
    object: fc.dictionary(fc.constantFrom('v', 'r', 'kind', 'name', SECRET, '__proto__'), tie('value')),
  })).value;
  fc.assert(
    fc.property(withSecret, fc.boolean(), (value, cut) => {
      const text = JSON.stringify(value);
      const body = Buffer.from(cut ? text.slice(0, -1) : text);
      const sample = sampleOfBatch(body, 'identity');
      expect(sample).not.toContain('Ann');
      expect(sample.length).toBeLessThanOrEqual(2000);
    }),
  );
});

test('what cannot be unpacked is told by size and digest', () => {
  expect(sampleOfBatch(Buffer.from(SECRET), 'zstd')).toMatch(/^17 bytes .* [0-9a-f]{16}…$/);
});

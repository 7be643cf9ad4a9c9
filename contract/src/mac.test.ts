import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { deriveAgentKey, macHeader, macKeyId, macVerifies } from './mac.ts';

const master = Buffer.alloc(32, 7);
const key = deriveAgentKey(master, 'k1', 'abcdefgh2345');
const input = { subject: 'rec.default.abcdefgh2345', epoch: 3, seq: 41, body: Buffer.from('body') };
const header = macHeader(key, 'k1', input);

test('a header verifies with what it was made from', () => {
  expect(macVerifies(key, header, input)).toBe(true);
  expect(macKeyId(header)).toBe('k1');
});

test.each([
  ['another subject', { subject: 'rec.default.zzzzzzzz2345' }],
  ['another epoch', { epoch: 4 }],
  ['another seq', { seq: 42 }],
  ['another body', { body: Buffer.from('bodz') }],
  ['no body', { body: Buffer.alloc(0) }],
  ['digits moved from epoch to seq', { epoch: 34, seq: 1 }],
])('%s does not verify', (_, change) => {
  expect(macVerifies(key, header, { ...input, ...change })).toBe(false);
});

test('the key differs by master key, key id and agent', () => {
  const others = [
    deriveAgentKey(Buffer.alloc(32, 8), 'k1', 'abcdefgh2345'),
    deriveAgentKey(master, 'k2', 'abcdefgh2345'),
    deriveAgentKey(master, 'k1', 'zzzzzzzz2345'),
  ];
  for (const other of others) expect(macVerifies(other, header, input)).toBe(false);
  expect(deriveAgentKey(master, 'k1', 'abcdefgh2345')).toEqual(key);
});

test('any header is refused without an error', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(macVerifies(key, text, input)).toBe(false);
    }),
  );
  expect(macVerifies(key, `k1.${randomBytes(32).toString('base64url')}`, input)).toBe(false);
});

test('a header without a key id names none', () => {
  expect(macKeyId(undefined)).toBeUndefined();
  expect(macKeyId('')).toBeUndefined();
  expect(macKeyId('.abc')).toBeUndefined();
  expect(macKeyId('abc')).toBeUndefined();
});

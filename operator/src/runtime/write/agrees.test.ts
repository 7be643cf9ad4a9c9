import { expect, test } from 'vitest';
import { agrees } from './agrees.ts';
import { contentHash } from './hash.ts';

test.each([
  [
    'defaults of the server',
    { spec: { replicas: 1 } },
    { spec: { replicas: 1, strategy: {} }, status: {} },
    true,
  ],
  ['a changed value', { spec: { replicas: 1 } }, { spec: { replicas: 2 } }, false],
  ['a missing value', { a: { b: 1 } }, { a: {} }, false],
  ['empty wishes', { env: [], labels: {}, x: null, y: undefined }, {}, true],
  ['an empty directory', { emptyDir: {} }, { emptyDir: { sizeLimit: '1Gi' } }, true],
  [
    'named items in another order, with more of others',
    { c: [{ name: 'a', v: 1 }] },
    { c: [{ name: 'x' }, { name: 'a', v: 1, d: 2 }] },
    true,
  ],
  ['a named item that is missing', { c: [{ name: 'a' }] }, { c: [{ name: 'x' }] }, false],
  [
    'items that share a name, with defaults of the server',
    {
      refs: [
        { name: 'a', at: 1 },
        { name: 'a', at: 2 },
      ],
    },
    {
      refs: [
        { name: 'a', at: 1, d: 0 },
        { name: 'a', at: 2, d: 0 },
      ],
    },
    true,
  ],
  [
    'items that share a name, one of them changed',
    {
      refs: [
        { name: 'a', at: 1 },
        { name: 'a', at: 2 },
      ],
    },
    {
      refs: [
        { name: 'a', at: 3 },
        { name: 'a', at: 2 },
      ],
    },
    false,
  ],
  ['plain lists of another length', { args: ['a'] }, { args: ['a', 'b'] }, false],
  ['plain lists in another order', { args: ['a', 'b'] }, { args: ['b', 'a'] }, false],
  [
    'quantities in another spelling',
    { resources: { limits: { cpu: '1000m', memory: '1024Mi' } } },
    { resources: { limits: { cpu: '1', memory: '1Gi' } } },
    true,
  ],
  [
    'other quantities',
    { resources: { limits: { cpu: '1000m' } } },
    { resources: { limits: { cpu: '2' } } },
    false,
  ],
  ['versions, which are no quantities', { version: '1.0' }, { version: '1' }, false],
  ['a list in place of an object', { a: { b: 1 } }, { a: [1] }, false],
])('%s', (_, desired, live, expected) => {
  expect(agrees(desired, live)).toBe(expected);
});

test('a hash depends on content alone, not on the order of fields or on undefined ones', () => {
  expect(contentHash({ a: 1, b: { c: [1, 2], d: undefined } })).toBe(contentHash({ b: { c: [1, 2] }, a: 1 }));
  expect(contentHash({ a: [1, 2] })).not.toBe(contentHash({ a: [2, 1] }));
});

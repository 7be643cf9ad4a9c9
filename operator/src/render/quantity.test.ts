import { expect, test } from 'vitest';
import { bytesOf, roundedQuantity } from './quantity.ts';

test.each([
  ['0', 0],
  ['512', 512],
  ['1k', 1000],
  ['5M', 5_000_000],
  ['7G', 7_000_000_000],
  ['2T', 2_000_000_000_000],
  ['1Ki', 1024],
  ['20Mi', 20_971_520],
  ['10Gi', 10_737_418_240],
  ['3Ti', 3_298_534_883_328],
])('%s is %i bytes', (quantity, bytes) => {
  expect(bytesOf(quantity)).toBe(bytes);
});

test('with a point or an exponent', () => {
  expect(bytesOf('1.5Gi')).toBe(1.5 * 2 ** 30);
  expect(bytesOf('2e10')).toBe(20_000_000_000);
  expect(bytesOf('1500m')).toBe(1);
});

test.each(['', 'Gi', '10 Gi', '-1', '10GiB', 'ten'])('"%s" is none', (quantity) => {
  expect(() => bytesOf(quantity)).toThrow('no quantity');
});

test.each([
  [0, '0'],
  [1023, '1023'],
  [1024, '1Ki'],
  [1_288_490_188, '1.2Gi'],
  [10_737_418_240, '10Gi'],
  [366_700_000, '350Mi'],
  [2 ** 20 - 1, '1Mi'],
  [3.5 * 2 ** 40, '3.5Ti'],
])('%i bytes are about %s', (bytes, quantity) => {
  expect(roundedQuantity(bytes)).toBe(quantity);
});

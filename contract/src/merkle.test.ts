import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hashTree, rootOf } from './merkle.ts';

const leaves = fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 70 });

test('every leaf leads to the root by its path', () => {
  fc.assert(
    fc.property(leaves, (all) => {
      const { root, paths } = hashTree(all);
      all.forEach((leaf, i) => expect(rootOf(leaf, paths[i]!).equals(root)).toBe(true));
    }),
  );
});

test('a changed leaf, or a leaf by the path of another, leads elsewhere', () => {
  fc.assert(
    fc.property(leaves, fc.nat(), fc.nat(), (all, one, other) => {
      const { root, paths } = hashTree(all);
      const [i, j] = [one % all.length, other % all.length];
      const changed = Buffer.concat([all[i]!, Buffer.of(7)]);
      expect(rootOf(changed, paths[i]!).equals(root)).toBe(false);
      if (Buffer.compare(all[i]!, all[j]!) !== 0 && i !== j)
        expect(rootOf(all[i]!, paths[j]!).equals(root)).toBe(false);
    }),
  );
});

test('an inner node does not pass as a leaf', () => {
  const two = hashTree([Buffer.from('a'), Buffer.from('b')]);
  const inner = hashTree([Buffer.from('a'), Buffer.from('b'), Buffer.from('c'), Buffer.from('d')]);
  const pair = Buffer.concat([two.paths[1]![0]!.hash, two.paths[0]![0]!.hash]);
  const up = inner.paths[0]!.at(-1)!;
  expect(rootOf(pair, [up]).equals(inner.root)).toBe(false);
  expect(rootOf(Buffer.from('a'), inner.paths[0]!).equals(inner.root)).toBe(true);
});

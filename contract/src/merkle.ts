import { hash } from 'node:crypto';

/**
 * One signature for many messages: the root of a hash tree is signed, and each message carries the hashes that lead from it
 * to the root. Leaves and inner nodes are hashed with prefixes of their own, so that neither passes as the other (RFC 6962).
 */
const LEAF = Buffer.of(0);
const NODE = Buffer.of(1);

/** A neighbour on the way to the root, and on which side it stands. */
export interface PathStep {
  side: 'left' | 'right';
  hash: Buffer;
}

export interface HashTree {
  /** 32 bytes. */
  root: Buffer;
  /** The way of each leaf, in order of the leaves. */
  paths: PathStep[][];
}

const sha256 = (...parts: readonly Uint8Array[]): Buffer => hash('sha256', Buffer.concat(parts), 'buffer');
const leafHash = (leaf: Uint8Array): Buffer => sha256(LEAF, leaf);

/** @param leaves at least one. A node without a neighbour goes up as it is. */
export function hashTree(leaves: readonly Uint8Array[]): HashTree {
  const paths: PathStep[][] = leaves.map(() => []);
  let level = leaves.map((leaf, i) => ({ hash: leafHash(leaf), below: [i] }));
  while (level.length > 1) {
    const next: typeof level = [];
    for (let i = 0; i < level.length; i += 2) {
      const [left, right] = [level[i], level[i + 1]];
      if (left === undefined) break;
      if (right === undefined) {
        next.push(left);
        continue;
      }
      for (const leaf of left.below) paths[leaf]?.push({ side: 'right', hash: right.hash });
      for (const leaf of right.below) paths[leaf]?.push({ side: 'left', hash: left.hash });
      next.push({ hash: sha256(NODE, left.hash, right.hash), below: [...left.below, ...right.below] });
    }
    level = next;
  }
  const top = level[0];
  if (top === undefined) throw new Error('a hash tree has a leaf');
  return { root: top.hash, paths };
}

/** The root that a leaf and its path lead to: the signed one, if both belong to it. */
export function rootOf(leaf: Uint8Array, path: readonly PathStep[]): Buffer {
  return path.reduce(
    (hash, step) => (step.side === 'left' ? sha256(NODE, step.hash, hash) : sha256(NODE, hash, step.hash)),
    leafHash(leaf),
  );
}

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

/** A layer as it is stored, with the digest of what is stored and of what is in it. */
export interface Layer {
  blob: Buffer;
  digest: string;
  /** Digest of the tar before it was compressed. */
  diffId: string;
}

/**
 * Packs a folder so that the same files give the same bytes, whoever packs them, when and where.
 * Mode bits are kept; everything belongs to root.
 */
export function packLayer(folder: string): Layer {
  const tar = execFileSync('tar', [...REPRODUCIBLE, '-C', folder, '-cf', '-', '.'], {
    maxBuffer: MAX_LAYER_BYTES,
  });
  const blob = gzipSync(tar, { level: 6 });
  return { blob, digest: sha256(blob), diffId: sha256(tar) };
}

const MAX_LAYER_BYTES = 512 * 1024 * 1024;
/** For GNU tar: the same files give the same bytes, whoever packs them and when. */
export const SAME_TWICE = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
const REPRODUCIBLE = [
  '--format=posix',
  '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
  ...SAME_TWICE,
];

export const sha256 = (data: string | Buffer): string =>
  `sha256:${createHash('sha256').update(data).digest('hex')}`;

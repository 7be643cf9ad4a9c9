import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SAME_TWICE, type Layer } from './layer.ts';
import { writeLayout, type ImageConfig } from './oci.ts';

/**
 * Writes an image as one tar, which `ctr images import`, `skopeo` and `podman load` read.
 * @returns digest of the manifest
 */
export function writeArchive(archive: string, image: ImageConfig, layers: readonly Layer[]): string {
  const layout = mkdtempSync(join(tmpdir(), 'pm-layout-'));
  try {
    const digest = writeLayout(layout, image, layers);
    execFileSync('tar', [...SAME_TWICE, '-C', layout, '-cf', archive, '.']);
    return digest;
  } finally {
    rmSync(layout, { recursive: true, force: true });
  }
}

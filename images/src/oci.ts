import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256, type Layer } from './layer.ts';

export interface ImageConfig {
  /** Full name, such as `registry.processmeter.io/process-meter/manager`. */
  name: string;
  tag: string;
  entrypoint: readonly string[];
  command: readonly string[];
  user: number;
  workingDir: string;
  env: Readonly<Record<string, string>>;
  labels: Readonly<Record<string, string>>;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
const CONFIG = 'application/vnd.oci.image.config.v1+json';
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip';
const INDEX = 'application/vnd.oci.image.index.v1+json';
/** Nothing in an image says when it was made: that is what makes it the same twice. */
const CREATED = '1970-01-01T00:00:00Z';
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = { x64: 'amd64', arm64: 'arm64' };

/**
 * Writes an OCI image layout.
 * @returns digest of the manifest, by which the image can be named
 */
export function writeLayout(folder: string, image: ImageConfig, layers: readonly Layer[]): string {
  const blobs = join(folder, 'blobs', 'sha256');
  mkdirSync(blobs, { recursive: true });
  const keep = (mediaType: string, data: string | Buffer): Descriptor => {
    const digest = sha256(data);
    writeFileSync(join(blobs, digest.slice('sha256:'.length)), data);
    return { mediaType, digest, size: Buffer.byteLength(data) };
  };
  const config = keep(CONFIG, JSON.stringify(configOf(image, layers)));
  const manifest = keep(
    MANIFEST,
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config,
      layers: layers.map(({ blob }) => keep(LAYER, blob)),
    }),
  );
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(folder, 'index.json'), JSON.stringify(indexOf(image, manifest)));
  return manifest.digest;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export function architecture(): string {
  const found = ARCHITECTURES[process.arch];
  if (found === undefined) throw new Error(`images are not made for ${process.arch}`);
  return found;
}

function configOf(image: ImageConfig, layers: readonly Layer[]): object {
  return {
    created: CREATED,
    architecture: architecture(),
    os: 'linux',
    config: {
      User: `${image.user}:${image.user}`,
      Env: Object.entries(image.env).map(([name, value]) => `${name}=${value}`),
      Entrypoint: image.entrypoint,
      Cmd: image.command,
      WorkingDir: image.workingDir,
      Labels: image.labels,
    },
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
  };
}

function indexOf({ name, tag }: ImageConfig, manifest: Descriptor): object {
  return {
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [
      {
        ...manifest,
        platform: { architecture: architecture(), os: 'linux' },
        annotations: {
          'io.containerd.image.name': `${name}:${tag}`,
          'org.opencontainers.image.ref.name': tag,
        },
      },
    ],
  };
}
